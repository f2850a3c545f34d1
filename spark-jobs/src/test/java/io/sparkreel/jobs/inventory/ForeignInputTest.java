// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inventory;

import static io.sparkreel.jobs.BucketedMedia.config;
import static io.sparkreel.jobs.BucketedMedia.copy;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.jobs.BucketedMedia;
import io.sparkreel.jobs.LocalSpark;
import io.sparkreel.jobs.config.bucketing.BucketingConfig;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.inventory.Probing.Probed;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.jobs.storage.Tables;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Names, folders, tables and captions as other people and programs make them. */
class ForeignInputTest {
    private static final String ODD = "set [hd] {a,b} 2024-11-24T12:30 50% #1? *";
    private static final String RULE = "bucket_config: {144p: {1: [1.0, 4], 8: [1.0, 4]}}\nresolution_slack: 0.01";

    @TempDir
    Path folder;

    private Probed probe(Object input) throws IOException {
        BucketingConfig config = config(input, folder.resolve("out"), RULE, "max_bad_clips: 1.0");
        Configuration hadoop = new Configuration();
        HadoopStorage output = new HadoopStorage(hadoop, config.output());
        return new Probing(LocalSpark.session(), config, output, "run" + System.nanoTime())
                .probe(MediaInput.resolve(hadoop, config.input()), Optional.empty());
    }

    /** The caption of each file, or the reason and detail of its refusal. */
    private static Map<String, String> outcomes(Probed probed) {
        Map<String, String> outcomes = new TreeMap<>();
        for (Row row : probed.rows().collectAsList()) {
            String name = row.<String>getAs("uri").replaceAll("(?s).*/", "");
            String reason = row.getAs("reason");
            outcomes.put(name, reason == null ? row.getAs("caption") : reason + ": " + row.getAs("detail"));
        }
        return outcomes;
    }

    private void shell(String command) throws Exception {
        Process process = new ProcessBuilder("sh", "-c", command)
                .directory(folder.toFile())
                .inheritIO()
                .start();
        assertEquals(0, process.waitFor());
    }

    private Path write(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }

    @Test
    void anyNameIsRead() throws Exception {
        Path media = folder.resolve(ODD).resolve("in: [x]");
        copy(media, "plain.mp4");
        Map<String, String> expected = new TreeMap<>();
        List<String> stems = List.of(
                "clip 2024-11-24T12:30:00",
                "12:30",
                "_0aB3dEf9xQ",
                "[b]{c}*?",
                "a%20b#c;d",
                "two\nlines",
                "back\\slash",
                " blank ",
                "a=b&c",
                "'quote\"",
                "dots..",
                "é");
        for (String stem : stems) {
            Files.copy(media.resolve("plain.mp4"), media.resolve(stem + ".mp4"));
            Files.writeString(media.resolve(stem + ".txt"), "of " + stem + "\n");
            expected.put(stem + ".mp4", ("of " + stem).strip());
        }
        Files.delete(media.resolve("plain.mp4"));
        Path out = folder.resolve(ODD).resolve("out: [hd]");
        BucketedMedia.run(config(media, out, RULE));
        BucketedMedia.run(config(media, out, RULE, "overwrite: true", "max_bad_clips: 0.0"));
        Map<String, String> found = new TreeMap<>();
        Map<String, String> uris = new TreeMap<>();
        String table = out.resolve(BucketedMedia.manifest(out).folder("clips")).toString();
        StringBuilder csv = new StringBuilder("path,caption,num_frames,height,width,fps\n");
        for (Row row : Tables.reader(LocalSpark.session()).parquet(table).collectAsList()) {
            String uri = row.getAs("uri");
            String name = uri.substring(uri.lastIndexOf('/') + 1);
            found.put(name, row.getAs("caption"));
            uris.put(name, uri);
            csv.append("\"in: [x]/%s\",\"%s\",%s,%s,%s,%s\n"
                    .formatted(
                            name.replace("\"", "\"\""),
                            row.<String>getAs("caption").replace("\"", "\"\""),
                            row.getAs("num_frames"),
                            row.getAs("height"),
                            row.getAs("width"),
                            row.getAs("fps")));
        }
        assertEquals(expected, found);

        // The same by a table that lies in such a folder.
        Path back = Files.writeString(folder.resolve(ODD).resolve("12:30 [t].csv"), csv);
        Probed probed = probe(back);
        assertEquals(expected, outcomes(probed));
        Map<String, String> again = new TreeMap<>();
        probed.clips()
                .collectAsList()
                .forEach(row -> again.put(
                        row.<String>getAs("uri")
                                .substring(row.<String>getAs("uri").lastIndexOf('/') + 1),
                        row.getAs("uri")));
        assertEquals(uris, again);

        // A pattern whose folders have such names.
        assertEquals(stems.size(), probe(folder + "/set*/in*/*.mp4").found());
    }

    @Test
    void whatIsLeftOutIsCountedByReason() throws Exception {
        Path media = folder.resolve("media");
        copy(media, "plain.mp4");
        copy(media.resolve("sub"), "still.png");
        copy(media.resolve(".hidden"), "still.png");
        copy(media.resolve("sub/.hidden"), "still.png");
        shell("cd media; mkfifo pipe.mp4 sub/pipe.png; cp plain.mp4 \"$(printf 'caf\\351.mp4')\"; ln -s . self;"
                + " ln -s .. sub/above; ln -s nowhere.mp4 gone.mp4; touch a.heic b.avif sub/c.HEIF notes.pdf .a.mp4;"
                + " touch plain.txt; ln -s sub/still.png link.png");
        Probed probed = probe(media);
        assertEquals(Map.of("plain.mp4", "", "still.png", "", "link.png", ""), outcomes(probed));
        assertEquals(
                "3 HEIC or AVIF, 3 hidden, 2 links to a folder above, 2 pipes, sockets or devices, 1 links to nothing,"
                        + " 1 of no media's name, 1 with a name that is no text",
                probed.leftOut());

        // The input itself may be a link to a folder above, and all of a folder may be left out.
        shell("ln -s .. media/.hidden/up");
        assertEquals(3, probe(media.resolve(".hidden/up")).found());
        shell("mkdir none; touch none/a.heic");
        UserError nothing = assertThrows(UserError.class, () -> probe(folder.resolve("none")));
        assertTrue(nothing.getMessage().contains("1 HEIC or AVIF"), nothing.getMessage());
        Path table = write("pipe.csv", "path\nmedia/pipe.mp4\nmedia/sub\nhttp://127.0.0.1:9/a.mp4\n");
        Map<String, String> refused = outcomes(probe(table));
        assertEquals("missing_file: row 1, column path: it is no regular file", refused.get("pipe.mp4"));
        assertEquals("missing_file: row 2, column path: there is no such file", refused.get("sub"));
        assertEquals(
                "bad_row: row 3, column path: 'http://127.0.0.1:9/a.mp4' is a web address; fetch the file first",
                refused.get("a.mp4"));
    }

    @Test
    void captionsOfAnyMarkedEncoding() throws Exception {
        Path media = folder.resolve("media");
        copy(media, "plain.mp4", "still.png", "hevc.mp4", "av1.mp4", "vp9.webm", "mpeg4.avi");
        Files.writeString(media.resolve("plain.txt"), "\uFEFFA dog with a mark.\r\n");
        Files.writeString(media.resolve("still.json"), "\uFEFF{\"caption\": \"A still.\"}");
        Files.write(media.resolve("hevc.txt"), "\uFEFFWide é".getBytes(StandardCharsets.UTF_16LE));
        Files.write(media.resolve("av1.txt"), "caf\u00e9".getBytes(StandardCharsets.ISO_8859_1));
        Files.writeString(media.resolve("vp9.json"), "{\"caption\": [\"a\", \"b\"]}");
        Files.writeString(media.resolve("mpeg4.json"), "{\"caption\": \"a\"}\n{\"caption\": \"b\"}");
        Map<String, String> outcomes = outcomes(probe(media));
        assertEquals("A dog with a mark.", outcomes.get("plain.mp4"));
        assertEquals("A still.", outcomes.get("still.png"));
        assertEquals("Wide é", outcomes.get("hevc.mp4"));
        assertTrue(
                outcomes.get("av1.mp4").matches("bad_caption: .*/av1.txt: byte 4 of the file, 0xe9, is no UTF-8.*"),
                outcomes.get("av1.mp4"));
        assertTrue(outcomes.get("vp9.webm").startsWith("bad_caption: "), outcomes.get("vp9.webm"));
        assertTrue(outcomes.get("mpeg4.avi").startsWith("bad_caption: "), outcomes.get("mpeg4.avi"));
    }

    @Test
    void rowsThatDoNotHaveTheFormOfTheirTableAreRefused() throws Exception {
        copy(folder, "plain.mp4", "hevc.mp4", "av1.mp4", "vp9.webm", "still.png", "still.jpg");
        write("t.csv", """
                path,num_frames,text,fps
                plain.mp4,60,A dog runs, then sits,25
                hevc.mp4,60
                av1.mp4,2147483648,x,25
                still.png,1.0,"one, two",0.0
                still.jpg,1,image,0
                vp9.webm,60,"open,25
                """);
        Map<String, String> csv = outcomes(probe(folder.resolve("t.csv")));
        assertEquals(
                "bad_row: row 1: line 2: 5 fields, 4 columns; put texts with commas in quotes", csv.get("plain.mp4"));
        assertEquals(
                "bad_row: row 2: line 3: 2 fields, 4 columns; put texts with commas in quotes", csv.get("hevc.mp4"));
        assertEquals("bad_row: row 3, column num_frames: '2147483648' is too large", csv.get("av1.mp4"));
        assertEquals("one, two", csv.get("still.png"));
        assertEquals("image", csv.get("still.jpg"));
        assertEquals("bad_row: row 6: line 7: a quoted field does not end", csv.get("vp9.webm"));

        write("t.jsonl", """
                {"path": "plain.mp4", "text": ["A first dog.", "A second dog."]}
                {"path": "hevc.mp4", "caption": {"short": "x"}}
                {"path": "av1.mp4", "caption": "by another name", "fps": 0, "num_frames": NaN}
                {"path": "vp9.webm", "text": null, "caption": "not this", "fps": 25}
                {"path": "still.png", "text": 5}
                {"path": "still.jpg"} {"path": "still.png"}
                """);
        Map<String, String> json = outcomes(probe(folder.resolve("t.jsonl")));
        assertEquals(
                "bad_row: row 1: column text holds [\"A first dog.\",\"A second dog.\"] and no text",
                json.get("plain.mp4"));
        assertEquals("bad_row: row 2: column caption holds {\"short\":\"x\"} and no text", json.get("hevc.mp4"));
        assertEquals("by another name", json.get("av1.mp4"));
        assertEquals("", json.get("vp9.webm"));
        assertEquals("bad_row: row 5: column text holds 5 and no text", json.get("still.png"));
        assertTrue(
                json.entrySet().stream().anyMatch(row -> row.getValue().startsWith("bad_row: row 6: it is no JSON")),
                json.toString());

        write("array.json", "[\n{\"path\": \"plain.mp4\"},\n{\"path\": \"hevc.mp4\"}\n]\n");
        UserError array = assertThrows(
                UserError.class,
                () -> BucketedMedia.run(config(folder.resolve("array.json"), folder.resolve("o"), RULE)));
        assertTrue(array.getMessage().contains("3 of 4 files cannot be used"), array.getMessage());
        assertTrue(array.getMessage().contains("one object in each line"), array.getMessage());
    }

    @Test
    void tablesInOtherEncodings() throws Exception {
        copy(folder, "plain.mp4", "hevc.mp4", "av1.mp4");
        String csv = "\uFEFFpath,text\nplain.mp4,\"é, 🐕\"\nhevc.mp4,two\n";
        Files.write(folder.resolve("u16.csv"), csv.getBytes(StandardCharsets.UTF_16LE));
        Files.write(folder.resolve("u8.csv"), csv.getBytes(StandardCharsets.UTF_8));
        for (String name : List.of("u16.csv", "u8.csv")) {
            assertEquals(Map.of("plain.mp4", "é, 🐕", "hevc.mp4", "two"), outcomes(probe(folder.resolve(name))), name);
        }
        String lines =
                "{\"path\": \"plain.mp4\", \"text\": \"caf\u00e9\"}\n{\"path\": \"hevc.mp4\", \"text\": \"b\"}\n";
        Files.write(folder.resolve("l1.jsonl"), lines.getBytes(StandardCharsets.ISO_8859_1));
        Map<String, String> latin = outcomes(probe(folder.resolve("l1.jsonl")));
        assertEquals("b", latin.get("hevc.mp4"));
        assertTrue(
                latin.values().stream()
                        .anyMatch(("bad_row: row 1: byte " + (lines.indexOf('\u00e9') + 1)
                                + " of the file, 0xe9, is no UTF-8. Save the file as UTF-8")::equals),
                latin.toString());
        Files.write(
                folder.resolve("l1.csv"),
                "path,text\nplain.mp4,caf\u00e9\nhevc.mp4,b\n".getBytes(StandardCharsets.ISO_8859_1));
        Map<String, String> table = outcomes(probe(folder.resolve("l1.csv")));
        assertEquals(
                "bad_row: row 1: line 2: byte 24 of the file, 0xe9, is no UTF-8. Save the file as UTF-8",
                table.get("plain.mp4"));
        assertEquals("b", table.get("hevc.mp4"));
    }

    @Test
    void tablesThatAreNoneAreToldInALine() throws Exception {
        write("t.parquet", "nothing, but long enough to have a footer");
        write("twice.csv", "path,text,text,path\na,b,c,d\n");
        write("empty.csv", "");
        for (Map.Entry<String, String> table : Map.of(
                        "t.parquet", "not a Parquet file",
                        "twice.csv", "two columns 'path'",
                        "empty.csv", "it is empty")
                .entrySet()) {
            UserError error = assertThrows(UserError.class, () -> probe(folder.resolve(table.getKey())));
            assertTrue(error.getMessage().contains(table.getValue()), error.getMessage());
            assertEquals(1, error.getMessage().lines().count(), error.getMessage());
        }
        copy(folder, "plain.mp4");
        StringBuilder wide = new StringBuilder("path");
        for (int i = 0; i < 30_000; i++) {
            wide.append(",c").append(i);
        }
        write("wide.csv", wide + "\nplain.mp4" + ",1".repeat(30_000) + "\n");
        assertEquals(Map.of("plain.mp4", ""), outcomes(probe(folder.resolve("wide.csv"))));

        LocalSpark.session()
                .sql("select 'plain.mp4' path, array('a', 'b') text")
                .write()
                .parquet(folder.resolve("lists.parquet").toString());
        UserError lists = assertThrows(UserError.class, () -> probe(folder.resolve("lists.parquet")));
        assertTrue(lists.getMessage().contains("its column 'text' holds array<string>"), lists.getMessage());
        LocalSpark.session()
                .sql("select 'plain.mp4' path, cast(unhex('63e9') as string) caption")
                .write()
                .parquet(folder.resolve("bytes.parquet").toString());
        assertEquals(
                Map.of("plain.mp4", "bad_row: row 1: column caption holds bytes that are no UTF-8"),
                outcomes(probe(folder.resolve("bytes.parquet"))));
    }

    @Test
    void aJobThatStopsSaysWhyAndLeavesTheTable() throws Exception {
        copy(folder, "plain.mp4", "hevc.mp4");
        write("gone.csv", "path,text\na.mp4,x\nb.mp4,y\n");
        Path out = folder.resolve("o [1]");
        UserError gone =
                assertThrows(UserError.class, () -> BucketedMedia.run(config(folder.resolve("gone.csv"), out, RULE)));
        String message = gone.getMessage();
        assertTrue(message.contains("2 missing_file, such as file:"), message);
        assertTrue(message.contains("a.mp4: row 1, column path: there is no such file"), message);
        assertTrue(message.contains("Give paths that are relative to the table"), message);
        try (var tables = Files.list(out.resolve("quarantine"))) {
            String table = tables.findFirst().orElseThrow().toString();
            assertEquals(2, Tables.reader(LocalSpark.session()).parquet(table).count());
        }
        write("thrice.csv", "path,text\n" + "plain.mp4,x\nhevc.mp4,y\n".repeat(3));
        UserError thrice =
                assertThrows(UserError.class, () -> BucketedMedia.run(config(folder.resolve("thrice.csv"), out, RULE)));
        assertTrue(thrice.getMessage().contains("4 duplicate_clip"), thrice.getMessage());
        assertTrue(thrice.getMessage().contains("Give each row an id of its own"), thrice.getMessage());
    }
}
