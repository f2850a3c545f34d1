// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.jobs.error.UserError;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where {@code from_pretrained} leads to. */
class WeightsCacheTest {
    private static final Set<WeightsPart> ALL = EnumSet.allOf(WeightsPart.class);
    private static final AtomicInteger OPENED = new AtomicInteger();

    @TempDir
    private Path folder;

    private Path source;

    /** A file system that lies elsewhere, as far as anyone can tell. */
    public static final class Remote extends RawLocalFileSystem {
        @Override
        public URI getUri() {
            return URI.create("remote:///");
        }

        @Override
        public String getScheme() {
            return "remote";
        }

        @Override
        public FSDataInputStream open(org.apache.hadoop.fs.Path file, int bufferSize) throws IOException {
            OPENED.incrementAndGet();
            return super.open(file, bufferSize);
        }
    }

    @BeforeEach
    void fill() throws IOException {
        OPENED.set(0);
        source = Files.createDirectories(folder.resolve("source"));
        for (String name :
                List.of("config.json", "spiece.model", "model.safetensors", "pytorch_model.bin", "README.md")) {
            Files.writeString(source.resolve(name), "content of " + name);
        }
    }

    private WeightsCache cache() {
        Configuration hadoop = new Configuration();
        hadoop.set("fs.remote.impl", Remote.class.getName());
        hadoop.setBoolean("fs.remote.impl.disable.cache", true);
        return new WeightsCache(
                hadoop,
                Map.of(
                        "SPARKREEL_CACHE",
                        folder.resolve("cache").toString(),
                        "HF_HOME",
                        folder.resolve("hub").toString(),
                        "HF_ENDPOINT",
                        "http://127.0.0.1:1")::get);
    }

    private static Set<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return new TreeSet<>(
                    files.map(file -> file.getFileName().toString()).toList());
        }
    }

    @Test
    void usesALocalFolderOrFileWhereItIs() throws IOException {
        assertEquals(source, cache().resolve(source.toString(), true, ALL));
        assertEquals(source, cache().resolve(source.toUri().toString(), true, ALL));
        Path file = source.resolve("model.safetensors");
        assertEquals(file, cache().resolve(file.toString(), true, ALL));
    }

    @Test
    void copiesARemoteFolderOnceAndOnlyWhatIsWanted() throws IOException {
        String remote = "remote://" + source;
        Path copy = cache().resolve(remote, true, ALL);
        assertTrue(copy.startsWith(folder.resolve("cache/weights")), copy.toString());
        assertEquals(Set.of("config.json", "spiece.model", "model.safetensors"), names(copy));
        assertEquals("content of model.safetensors", Files.readString(copy.resolve("model.safetensors")));
        assertEquals(3, OPENED.get());
        assertEquals(copy, cache().resolve(remote, true, ALL));
        assertEquals(3, OPENED.get());
        assertEquals(Set.of("config.json"), names(cache().resolve(remote, true, EnumSet.of(WeightsPart.CONFIG))));
        Path file = cache().resolve(remote + "/pytorch_model.bin", true, ALL);
        assertEquals("content of pytorch_model.bin", Files.readString(file));
    }

    @Test
    void copiesAChangedFolderAnew() throws IOException {
        String remote = "remote://" + source;
        Path copy = cache().resolve(remote, true, ALL);
        Files.writeString(source.resolve("model.safetensors"), "other content, and longer");
        Path changed = cache().resolve(remote, true, ALL);
        assertNotEquals(copy, changed);
        assertEquals("other content, and longer", Files.readString(changed.resolve("model.safetensors")));
        assertEquals("content of model.safetensors", Files.readString(copy.resolve("model.safetensors")));
    }

    @Test
    void callersOfOneNodeShareACopy() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        Callable<Path> resolve = () -> cache().resolve("remote://" + source, true, ALL);
        Set<Path> copies = new TreeSet<>();
        for (Future<Path> copy : threads.invokeAll(List.of(resolve, resolve, resolve, resolve))) {
            copies.add(copy.get());
        }
        threads.shutdown();
        assertEquals(1, copies.size());
        assertEquals(3, OPENED.get());
    }

    @Test
    void findsAHubIdInTheCacheOfTheHub() throws IOException {
        String commit = "89abcdef0123456789abcdef0123456789abcdef";
        Path repository = folder.resolve("hub/hub/models--lab--model");
        Path snapshot = Files.createDirectories(repository.resolve("snapshots/" + commit));
        Files.createDirectories(repository.resolve("refs"));
        Files.writeString(repository.resolve("refs/main"), commit);
        for (String name : names(source)) {
            Files.copy(source.resolve(name), snapshot.resolve(name));
        }
        assertEquals(snapshot, cache().resolve("lab/model", true, ALL));
        assertEquals(snapshot, cache().resolve("lab/model", false, ALL));
        Files.delete(snapshot.resolve("config.json"));
        String message = assertThrows(UserError.class, () -> cache().resolve("lab/model", true, ALL))
                .getMessage();
        assertTrue(message.contains("local_files_only: false") && message.contains("hub"), message);
    }

    @Test
    void saysWhatIsNoLocation() {
        for (String location : List.of("/no/such/folder", "a/b/c", "model.safetensors", "remote:///no/such/folder")) {
            String message = assertThrows(UserError.class, () -> cache().resolve(location, true, ALL))
                    .getMessage();
            assertTrue(message.startsWith("Cannot find weights " + location + ": there is no such"), message);
        }
    }

    @Test
    void refusesAnEndpointThatIsNone() {
        String message = assertThrows(
                        UserError.class,
                        () -> new WeightsCache(new Configuration(), Map.of("HF_ENDPOINT", "huggingface")::get))
                .getMessage();
        assertTrue(message.startsWith("Cannot use HF_ENDPOINT: it is huggingface."), message);
    }
}
