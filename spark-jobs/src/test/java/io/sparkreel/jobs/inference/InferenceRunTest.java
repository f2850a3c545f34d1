// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import io.sparkreel.bucketing.media.ClipReader;
import io.sparkreel.bucketing.media.MediaInfo;
import io.sparkreel.bucketing.media.MediaKind;
import io.sparkreel.bucketing.media.MediaProbe;
import io.sparkreel.bucketing.media.MediaSource;
import io.sparkreel.bucketing.media.PictureRules;
import io.sparkreel.bucketing.media.PixelClip;
import io.sparkreel.bucketing.media.ProbeOptions;
import io.sparkreel.bucketing.media.scale.FrameTransform;
import io.sparkreel.jobs.LocalSpark;
import io.sparkreel.jobs.config.inference.InferenceConfig;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.storage.FolderLease;
import io.sparkreel.jobs.storage.Tables;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole runs in the tests' session, with a small model that has learned nothing. */
class InferenceRunTest {
    private static final Path MEDIA =
            Path.of(System.getProperty("project.root")).resolve("bucketing/src/test/resources/media");

    @TempDir
    static Path shared;

    private static Path checkpoint;

    /** Names that a file system allows, for weights, tables, references and outputs alike. */
    private static final String ODD = "set [hd] {a,b} 12:30 50% *";

    private Path folder;

    @BeforeAll
    static void writeCheckpoint() throws IOException {
        checkpoint = TinyCheckpoint.write(shared.resolve("run " + ODD), 1);
    }

    @BeforeEach
    void makeFolder() throws IOException {
        folder =
                Files.createTempDirectory(shared, ODD); // deleted at the end: a failed run's last tasks may still write
    }

    private void run(Path output, String... lines) throws IOException {
        List<String> all = new ArrayList<>(List.of(
                "num_frames: 4",
                "image_size: [32, 48]",
                "frame_interval: 3",
                "model: {from_pretrained: '" + checkpoint + "'}",
                "save_dir: '" + output + "'"));
        for (String line : lines) {
            all.removeIf(old -> old.startsWith(line.substring(0, line.indexOf(':') + 1)));
            all.add(line);
        }
        InferenceRun.prepare(Configs.of(all.toArray(String[]::new)), new Configuration())
                .execute(LocalSpark.session(), 1, FolderLease.none());
    }

    private Path table(String name, String content) throws IOException {
        return Files.writeString(folder.resolve(name), content);
    }

    private static List<Row> results(Path output) {
        return Tables.reader(LocalSpark.session())
                .parquet(output + "/results")
                .orderBy("prompt_id", "sample")
                .collectAsList();
    }

    private static Map<String, byte[]> clips(Path output) throws IOException {
        Map<String, byte[]> clips = new TreeMap<>();
        try (Stream<Path> files = Files.list(output)) {
            for (Path file : files.filter(path -> path.toString().matches(".*\\.(mp4|png|gif)"))
                    .toList()) {
                clips.put(file.getFileName().toString(), Files.readAllBytes(file));
            }
        }
        return clips;
    }

    private static MediaInfo probe(Path file) throws Exception {
        try (MediaSource source = MediaSource.of(file)) {
            return MediaProbe.probe(source, ProbeOptions.DEFAULT);
        }
    }

    private static PixelClip frames(Path file, MediaKind kind, int height, int width, int... indices) throws Exception {
        try (MediaSource source = MediaSource.of(file)) {
            return ClipReader.read(
                    source,
                    kind,
                    indices,
                    new ClipReader.Target(FrameTransform.RESIZE_CROP, height, width, PictureRules.SHOWN));
        }
    }

    /** Parts of a table go into one folder one after the other; docs/inference.md tells how. */
    @Test
    void runsOverPartsOfATableShareAFolder() throws Exception {
        Path output = folder.resolve("shared");
        String prompts = "prompt_path: '" + table("p.txt", "a dog\na cat\na cow\n") + "'";
        run(output, "num_frames: 1", prompts, "end_index: 2");
        Map<String, byte[]> first = clips(output);
        run(output, "num_frames: 1", prompts, "start_index: 2");
        Map<String, byte[]> all = clips(output);
        assertEquals(Set.of("sample_0.png", "sample_1.png", "sample_2.png"), all.keySet());
        first.forEach((name, clip) -> assertArrayEquals(clip, all.get(name), name));
        assertEquals(
                List.of("a dog", "a cat", "a cow"),
                results(output).stream().map(row -> row.<String>getAs("prompt")).toList());
        assertEquals(3, Files.readString(output.resolve("contact-sheet.html")).split("<figure").length - 1);
    }

    @Test
    void everyKindOfPromptInOneTable() throws Exception {
        Path output = folder.resolve("out");
        String image = MEDIA.resolve("still.png").toString();
        String video = MEDIA.resolve("plain.mp4").toString();
        run(
                output,
                "local_references_in_tables: true",
                "prompt_path: '" + table("p.jsonl", """
                {"prompt": "a picture", "num_frames": 1, "sample_name": "picture"}
                {"prompt": "a video", "sample_name": "video", "image_size": [40, 52], "fps": 30}
                {"prompt": "image to video", "sample_name": "begin", "reference_path": "%s", "mask_strategy": "0,0,0,1,0"}
                {"prompt": "extended", "sample_name": "extend", "reference_path": "%s", "mask_strategy": "0,0,-2,2,0"}
                {"prompt": "connected", "sample_name": "connect", "reference_path": "%s;%s", "mask_strategy": "0,0,0,1,0;1,0,0,1,-1"}
                {"prompt": "edited", "sample_name": "edit", "reference_path": "%s", "mask_strategy": "0,0,0,4,0,0.4"}
                {"prompt": "|0|long|3|longer", "sample_name": "long", "loop": 5, "condition_frame_length": 1}
                """.formatted(image, video, image, image, video)) + "'");
        Map<String, String> shapes = new TreeMap<>();
        for (String name : clips(output).keySet()) {
            MediaInfo info = probe(output.resolve(name));
            shapes.put(
                    name, info.width() + "x" + info.height() + "x" + info.numFrames() + " " + Math.round(info.fps()));
        }
        assertEquals(
                Map.of(
                        "picture.png",
                        "48x32x1 0",
                        "video.mp4",
                        "48x40x4 10",
                        "begin.mp4",
                        "48x32x4 8",
                        "extend.mp4",
                        "48x32x4 8",
                        "connect.mp4",
                        "48x32x4 8",
                        "edit.mp4",
                        "48x32x4 8",
                        "long.mp4",
                        "48x32x16 8"),
                shapes); // 5 * (4 - 1) + 1 = 16
        List<Row> results = results(output);
        assertEquals(7, results.size());
        results.forEach(row -> assertEquals("ok", row.getAs("status"), row.toString()));
        assertEquals(16, results.get(6).<Integer>getAs("num_frames"));
        String page = Files.readString(output.resolve("contact-sheet.html"));
        assertTrue(page.contains("src=\"./long.mp4\"") && page.contains("condition_frame_length 1"), page);
    }

    @Test
    void aSecondRunDoesOnlyWhatIsMissingOrOtherwise() throws Exception {
        Path output = folder.resolve("out");
        String prompts = "prompt: [one, two, three]";
        run(output, prompts, "num_sample: 2");
        Map<String, byte[]> first = clips(output);
        assertEquals(6, first.size());
        FileTime past = FileTime.fromMillis(1_000_000_000_000L);
        for (String name : first.keySet()) {
            Files.setLastModifiedTime(output.resolve(name), past);
        }
        Files.delete(output.resolve("sample_1-1.mp4"));
        run(output, prompts, "num_sample: 2");
        assertEquals(List.of("sample_1-1.mp4"), changedSince(output, past));
        assertSame(first, clips(output));
        // Where a prompt stands and how many clips are asked for is no part of what a clip is.
        run(output, "prompt_path: '" + table("same.txt", "one\ntwo\nthree") + "'", "num_sample: 3");
        assertEquals(
                List.of("sample_0-2.mp4", "sample_1-1.mp4", "sample_1-2.mp4", "sample_2-2.mp4"),
                changedSince(output, past));
        for (int i = 0; i < 3; i++) {
            Files.delete(output.resolve("sample_" + i + "-2.mp4"));
        }
        run(output, "prompt: [one, other, three]", "num_sample: 2");
        assertEquals(List.of("sample_1-0.mp4", "sample_1-1.mp4"), changedSince(output, past));
        assertFalse(Arrays.equals(first.get("sample_1-0.mp4"), clips(output).get("sample_1-0.mp4")));
        run(output, prompts, "num_sample: 2", "overwrite: true");
        assertEquals(6, changedSince(output, past).size());
        assertSame(first, clips(output));
    }

    private static List<String> changedSince(Path output, FileTime past) throws IOException {
        List<String> names = new ArrayList<>();
        for (String name : clips(output).keySet()) {
            if (!Files.getLastModifiedTime(output.resolve(name)).equals(past)) {
                names.add(name);
            }
        }
        return names;
    }

    private static void assertSame(Map<String, byte[]> expected, Map<String, byte[]> actual) {
        assertEquals(expected.keySet(), actual.keySet());
        expected.forEach((name, bytes) -> assertArrayEquals(bytes, actual.get(name), name));
    }

    /** What a killed run leaves is its journal, and clips of results in it; the table comes at the end. */
    @Test
    void aKilledRunIsGoneOnWith() throws Exception {
        Path unbroken = folder.resolve("unbroken");
        String prompts = "prompt: [one, two, three]";
        run(unbroken, prompts);
        Path output = folder.resolve("out");
        run(output, prompts);
        List<ClipResult> done = results(output).stream().map(ClipResult::of).toList();
        try (Stream<Path> files = Files.walk(output.resolve("results"))) {
            files.sorted(java.util.Comparator.reverseOrder())
                    .forEach(path -> path.toFile().delete());
        }
        Files.delete(output.resolve("sample_2.mp4"));
        Path journal = Files.createDirectories(output.resolve("results.journal"));
        StringBuilder lines = new StringBuilder();
        for (ClipResult result : done) {
            lines.append(new com.fasterxml.jackson.databind.ObjectMapper().writeValueAsString(result))
                    .append('\n');
        }
        Files.writeString(journal.resolve("1.jsonl"), lines);
        FileTime past = FileTime.fromMillis(1_000_000_000_000L);
        for (String name : clips(output).keySet()) {
            Files.setLastModifiedTime(output.resolve(name), past);
        }
        run(output, prompts);
        assertEquals(List.of("sample_2.mp4"), changedSince(output, past));
        assertSame(clips(unbroken), clips(output));
        assertEquals(3, results(output).size());
        assertFalse(Files.exists(journal));
    }

    @Test
    void noClipIsPutInPlaceWithoutItsResult() throws Exception {
        Path output = Files.createDirectories(folder.resolve("out"));
        Files.writeString(output.resolve("results.journal"), "where the journal's folder should be");
        assertThrows(IOException.class, () -> run(output, "prompt: [one, two, three]"));
        assertEquals(Map.of(), clips(output));
    }

    @Test
    void aRunThatHasLostItsFolderLeavesTheResultsAsTheyAre() throws Exception {
        Path output = folder.resolve("out");
        run(output, "prompt: [one]");
        Configuration hadoop = new Configuration();
        InferenceConfig more = Configs.of(
                "num_frames: 1",
                "image_size: [32, 48]",
                "frame_interval: 3",
                "model: {from_pretrained: '" + checkpoint + "'}",
                "save_dir: '" + output + "'",
                "prompt: [one, two]");
        try (FolderLease lease = FolderLease.take(hadoop, output.toString(), "--save-dir", "inference")) {
            Files.writeString(output.resolve(".sparkreel-lease/00000002.json"), "another's");
            UserError lost = assertThrows(
                    UserError.class, () -> InferenceRun.prepare(more, hadoop).execute(LocalSpark.session(), 1, lease));
            assertTrue(lost.getMessage().startsWith("Cannot write to " + output + " any longer: "), lost.getMessage());
        }
        assertEquals(1, results(output).size());
    }

    @Test
    void seedsDifferAndBatchesDoNotMatter() throws Exception {
        Path single = folder.resolve("single");
        Path batched = folder.resolve("batched");
        String prompts = "prompt_path: '" + table("p.csv", """
                prompt,sample_name,seed,num_frames
                a dog,a,1,1
                a dog,b,2,1
                a cat,c,1,1
                a cat,d,1,1
                """) + "'";
        run(single, prompts);
        run(batched, prompts, "batch_size: 4");
        Map<String, byte[]> clips = clips(single);
        assertFalse(Arrays.equals(clips.get("a.png"), clips.get("b.png")));
        assertFalse(Arrays.equals(clips.get("c.png"), clips.get("d.png")), "draws are keyed by the prompt's place");
        for (String name : clips.keySet()) {
            float[] one =
                    frames(single.resolve(name), MediaKind.IMAGE, 32, 48, 0).values();
            float[] four =
                    frames(batched.resolve(name), MediaKind.IMAGE, 32, 48, 0).values();
            double error = 0;
            for (int i = 0; i < one.length; i++) {
                error += Math.pow(one[i] - four[i], 2) / one.length;
            }
            assertTrue(10 * Math.log10(4 / error) >= 40, name + ": " + error);
        }
    }

    @Test
    void hostileRowsFailAloneAndNothingIsWrittenElsewhere() throws Exception {
        Path output = folder.resolve("deep/out");
        Path text = table("not-an-image.png", "this is a text");
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext("/still.png", exchange -> {
            byte[] bytes = Files.readAllBytes(MEDIA.resolve("still.png"));
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        });
        server.createContext("/away", exchange -> {
            exchange.getResponseHeaders().add("Location", "http://localhost:1/secret");
            exchange.sendResponseHeaders(302, -1);
            exchange.close();
        });
        server.createContext("/slow", exchange -> {
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write(1);
            exchange.getResponseBody().flush(); // and no more
        });
        server.createContext("/large", exchange -> {
            exchange.sendResponseHeaders(200, 0);
            byte[] much = new byte[1 << 20];
            try (var body = exchange.getResponseBody()) {
                for (int i = 0; i < 3; i++) {
                    body.write(much);
                }
            }
        });
        server.setExecutor(java.util.concurrent.Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task);
            thread.setDaemon(true);
            return thread;
        }));
        server.start();
        String host = "http://127.0.0.1:" + server.getAddress().getPort();
        try {
            run(
                    output,
                    "local_references_in_tables: true",
                    "reference_hosts: [127.0.0.1]",
                    "reference_max_mib: 2",
                    "reference_timeout_s: 4",
                    "num_frames: 1",
                    "prompt_as_path: true",
                    "batch_size: 4",
                    "prompt_path: '"
                            + table("p.jsonl", """
                    {"prompt": "../../outside \\"quotes\\" </script><img src=x onerror=alert(1)> \\ud83d\\ude80"}
                    {"prompt": "%s"}
                    {"prompt": "no file", "reference_path": "%s/absent.png", "mask_strategy": "0,0,0,1,0"}
                    {"prompt": "no image", "reference_path": "%s", "mask_strategy": "0,0,0,1,0"}
                    {"prompt": "outside", "reference_path": "%s", "mask_strategy": "1,0,0,1,0"}
                    {"prompt": "fetched", "reference_path": "%s/still.png", "mask_strategy": "0,0,0,1,0"}
                    {"prompt": "led away", "reference_path": "%s/away", "mask_strategy": "0,0,0,1,0"}
                    {"prompt": "slow", "reference_path": "%s/slow", "mask_strategy": "0,0,0,1,0"}
                    {"prompt": "large", "reference_path": "%s/large", "mask_strategy": "0,0,0,1,0"}
                    {"prompt": "absent", "reference_path": "%s/absent", "mask_strategy": "0,0,0,1,0"}
                    {"prompt": "unbalanced {\\"reference_path\\": "}
                    {"prompt": "half a character \\ud83d"}
                    {"prompt": "half of one \\ud83d in an error", "\\ud83d": 1}
                    {"prompt": "far too many", "num_sample": 2000000000}
                    {"prompt": "far too long", "num_frames": 4, "loop": 1000000, "condition_frame_length": 1}
                    """.formatted(
                                            "long ".repeat(2000),
                                            folder,
                                            text,
                                            MEDIA.resolve("still.png"),
                                            host,
                                            host,
                                            host,
                                            host,
                                            host))
                            + "'");
        } finally {
            server.stop(0);
        }
        Map<Long, String> status = results(output).stream()
                .collect(Collectors.toMap(row -> row.<Long>getAs("prompt_id"), row -> row.<String>getAs("status")));
        List<String> errors =
                results(output).stream().map(row -> row.<String>getAs("error")).toList();
        for (long id = 0; id < 15; id++) {
            assertEquals(
                    id == 0 || id == 1 || id == 5 || id == 11 ? "ok" : "failed",
                    status.get(id),
                    "prompt " + id + ": " + errors);
        }
        assertTrue(
                errors.get(2).contains("p.jsonl, line 3: Cannot use the reference")
                        && errors.get(2).contains("no such file"),
                errors.get(2));
        assertTrue(errors.get(3).contains("not_media"), errors.get(3));
        assertTrue(errors.get(4).contains("names reference 1 of a prompt that has 1"), errors.get(4));
        assertTrue(errors.get(6).contains("localhost") && errors.get(6).contains("reference_hosts"), errors.get(6));
        assertTrue(errors.get(7).contains("longer than 4 s"), errors.get(7));
        assertTrue(errors.get(8).contains("more than 2097152 bytes"), errors.get(8));
        assertTrue(errors.get(9).contains("answered 404"), errors.get(9));
        try (Stream<Path> written = Files.walk(folder.resolve("deep"))) {
            assertTrue(written.allMatch(path -> path.equals(folder.resolve("deep")) || path.startsWith(output)));
        }
        try (Stream<Path> beside = Files.list(folder)) {
            assertEquals(
                    List.of("deep", "not-an-image.png", "p.jsonl"),
                    beside.map(path -> path.getFileName().toString()).sorted().toList());
        }
        String page = Files.readString(output.resolve("contact-sheet.html"));
        assertFalse(page.contains("<img src=x") || page.contains("</script><img"), "prompts are text");
    }

    @Test
    void nothingButFailuresIsAnError() {
        Path output = folder.resolve("out");
        UserError e = assertThrows(UserError.class, () -> run(output, "prompt: ['a {']"));
        assertTrue(
                e.getMessage().startsWith("Cannot generate any of 1 clips: prompt 0: Cannot read the prompt"),
                e.getMessage());
        assertEquals("failed", results(output).get(0).getAs("status"));
    }

    @Test
    void videosCanBeGifs() throws Exception {
        Path output = folder.resolve("out");
        run(output, "prompt: [one]", "video_format: gif", "num_frames: 9");
        MediaInfo info = probe(output.resolve("sample_0.gif"));
        assertEquals(List.of(48, 32, 9), List.of(info.width(), info.height(), info.numFrames()));
        assertEquals(8, info.fps(), 0.5); // its delays are hundredths of a second
        assertTrue(Files.readString(output.resolve("contact-sheet.html")).contains("<img src=\"./sample_0.gif\""));
    }
}
