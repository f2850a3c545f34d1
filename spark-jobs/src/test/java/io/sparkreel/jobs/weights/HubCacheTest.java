// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.weights.LocalHub.Stored;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Downloads from a hub that breaks off, lies, and asks for a token. */
class HubCacheTest {
    private static final String ID = "some-lab/model_1.0";
    private static final Set<WeightsPart> MODEL = EnumSet.of(WeightsPart.CONFIG, WeightsPart.WEIGHTS);
    private static final byte[] CONFIG = "{\"d_model\": 4}".getBytes(StandardCharsets.UTF_8);
    private static final String CONFIG_TAG = "f2db38c844464d151f029d1c75964bc72bc0a39f"; // git hash-object
    private static final byte[] WEIGHTS = weights();
    private static final String WEIGHTS_TAG =
            "84651a6efc7acd687cd804fa2f7ef24f84e8290d6dfc12c181a526af7d144083"; // sha256sum

    @TempDir
    private Path folder;

    private LocalHub hub;

    private static byte[] weights() {
        byte[] bytes = new byte[300_000];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (i * 31 + i / 251);
        }
        return bytes;
    }

    @BeforeEach
    void start() throws IOException {
        hub = new LocalHub(ID);
        hub.files.put("config.json", new Stored(CONFIG, CONFIG_TAG, false));
        hub.files.put("model.safetensors", new Stored(WEIGHTS, WEIGHTS_TAG, true));
        hub.files.put("pytorch_model.bin", new Stored(WEIGHTS, WEIGHTS_TAG, true));
        hub.files.put("../../escape", new Stored(CONFIG, CONFIG_TAG, false));
    }

    @AfterEach
    void stop() {
        hub.close();
    }

    private HubCache cache(String token) {
        return new HubCache(
                folder,
                new HubClient(URI.create(hub.address()), () -> token, Duration.ofMillis(1), Duration.ofMillis(600)));
    }

    private void assertComplete(Path snapshot) throws IOException {
        assertEquals(folder.resolve("models--some-lab--model_1.0/snapshots/" + LocalHub.COMMIT), snapshot);
        assertArrayEquals(WEIGHTS, Files.readAllBytes(snapshot.resolve("model.safetensors")));
        assertArrayEquals(CONFIG, Files.readAllBytes(snapshot.resolve("config.json")));
        assertEquals(LocalHub.COMMIT, Files.readString(folder.resolve("models--some-lab--model_1.0/refs/main")));
    }

    private long transfers() {
        return hub.requests.stream()
                .filter(request -> request.startsWith("GET") && request.contains("safetensors"))
                .count();
    }

    @Test
    void laysFilesOutAsTheHubsOwnLibrariesDo() throws IOException {
        assertEquals(Optional.empty(), cache("").find(ID, MODEL));
        assertComplete(cache("").fetch(ID, MODEL));
        assertEquals(
                Path.of("../../blobs/" + WEIGHTS_TAG),
                Files.readSymbolicLink(folder.resolve(
                        "models--some-lab--model_1.0/snapshots/" + LocalHub.COMMIT + "/model.safetensors")));
        assertFalse(
                hub.requests.stream().anyMatch(request -> request.contains("pytorch_model")), "one format is enough");
        hub.close();
        assertComplete(cache("").find(ID, MODEL).orElseThrow());
    }

    @Test
    void fetchesTheConfigurationAloneWhereThatIsAllThatIsAskedFor() throws IOException {
        cache("").fetch(ID, EnumSet.of(WeightsPart.CONFIG));
        assertEquals(0, transfers());
        assertEquals(Optional.empty(), cache("").find(ID, MODEL), "the weights are not there yet");
        assertComplete(cache("").fetch(ID, MODEL));
    }

    @Test
    void goesOnWhereATransferBrokeOff() throws IOException {
        hub.breaks.addAll(List.of(CONFIG.length, 100_000, 50_000));
        assertComplete(cache("").fetch(ID, MODEL));
        List<String> ranges = hub.requests.stream()
                .filter(request -> request.contains("bytes="))
                .toList();
        assertEquals(
                List.of("bytes=100000-", "bytes=150000-"),
                ranges.stream()
                        .map(request -> request.substring(request.indexOf("bytes=")))
                        .toList());
    }

    @Test
    void goesOnWithWhatAnEarlierProcessLeft() throws IOException {
        Path blobs = Files.createDirectories(folder.resolve("models--some-lab--model_1.0/blobs"));
        Files.write(blobs.resolve(WEIGHTS_TAG + ".incomplete"), Arrays.copyOf(WEIGHTS, 299_999));
        assertComplete(cache("").fetch(ID, MODEL));
        assertTrue(
                hub.requests.stream().anyMatch(request -> request.endsWith("bytes=299999-")), hub.requests.toString());
    }

    @Test
    void beginsAnewWhereTheServerKnowsNoRanges() throws IOException {
        hub.ignoresRanges = true;
        hub.breaks.addAll(List.of(CONFIG.length, 100_000));
        assertComplete(cache("").fetch(ID, MODEL));
    }

    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void aSilentConnectionCountsAsBroken() throws IOException {
        hub.silentInstead = true;
        hub.breaks.addAll(List.of(5));
        assertComplete(cache("").fetch(ID, MODEL)); // while the server is silent still
        hub.silence.countDown();
    }

    @Test
    void givesUpWhenNothingMoreComes() {
        hub.breaks.addAll(List.of(0, 0, 0, 0, 0, 0, 0));
        String message =
                assertThrows(UserError.class, () -> cache("").fetch(ID, MODEL)).getMessage();
        assertTrue(message.contains("5 times in a row"), message);
        assertEquals(
                5,
                hub.requests.stream()
                        .filter(request -> request.startsWith("GET") && request.contains("config"))
                        .count());
    }

    @Test
    void refusesContentThatDoesNotMatchItsChecksum() throws IOException {
        byte[] wrong = WEIGHTS.clone();
        wrong[7]++;
        hub.files.put("model.safetensors", new Stored(wrong, WEIGHTS_TAG, true));
        String message =
                assertThrows(UserError.class, () -> cache("").fetch(ID, MODEL)).getMessage();
        assertTrue(message.contains("does not match the checksum"), message);
        assertEquals(Optional.empty(), cache("").find(ID, MODEL));
        hub.files.put("model.safetensors", new Stored(WEIGHTS, WEIGHTS_TAG, true));
        assertComplete(cache("").fetch(ID, MODEL));
    }

    @Test
    void refusesASmallFileThatGitWouldNameOtherwise() {
        hub.files.put(
                "config.json", new Stored("{\"d_model\": 5}".getBytes(StandardCharsets.UTF_8), CONFIG_TAG, false));
        assertThrows(UserError.class, () -> cache("").fetch(ID, MODEL));
    }

    @Test
    void givesItsTokenToTheHubAlone() throws IOException {
        hub.requiredToken = "hf_secret";
        String message = assertThrows(UserError.class, () -> cache("hf_wrong").fetch(ID, MODEL))
                .getMessage();
        assertTrue(message.contains("Set HF_TOKEN") && !message.contains("hf_wrong"), message);
        assertComplete(cache("hf_secret").fetch(ID, MODEL));
        assertEquals(List.of(), hub.strangersSaw);
    }

    @Test
    void saysWhatARepositoryLacks() {
        hub.files.remove("config.json");
        String message =
                assertThrows(UserError.class, () -> cache("").fetch(ID, MODEL)).getMessage();
        assertTrue(message.contains("no config.json"), message);
        String unknown = assertThrows(UserError.class, () -> cache("").fetch("some-lab/other", MODEL))
                .getMessage();
        assertTrue(unknown.contains("there is no such thing"), unknown);
    }

    @Test
    void wantsEveryShard() {
        assertEquals(
                Optional.empty(),
                WeightsPart.missing(
                        List.of(
                                "pytorch_model.bin.index.json",
                                "pytorch_model-00001-of-00002.bin",
                                "pytorch_model-00002-of-00002.bin"),
                        EnumSet.of(WeightsPart.WEIGHTS)));
        assertEquals(
                Optional.of("1 of the 2 files of pytorch_model.bin.index.json"),
                WeightsPart.missing(
                        List.of("pytorch_model.bin.index.json", "pytorch_model-00002-of-00002.bin"),
                        EnumSet.of(WeightsPart.WEIGHTS)));
    }

    @Test
    void threadsAndProcessesShareOneDownload() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        Callable<Path> fetch = () -> cache("").fetch(ID, MODEL);
        for (Future<Path> snapshot : threads.invokeAll(List.of(fetch, fetch, fetch, fetch))) {
            assertComplete(snapshot.get());
        }
        threads.shutdown();
        assertEquals(1, transfers());
    }
}
