// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.jobs.LocalSpark;
import io.sparkreel.jobs.config.inference.InferenceConfig;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.model.CodecGeometry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PromptTableTest {
    private static final CodecGeometry CODEC = CodecGeometry.frameByFrame(4, 8);

    @TempDir
    Path folder;

    private static PromptTable.Prompts read(String... lines) throws IOException {
        return PromptTable.read(Configs.of(lines), new Configuration(), CODEC);
    }

    private PromptTable.Prompts file(String name, String content, String... lines) throws IOException {
        Path file = Files.writeString(folder.resolve(name), content);
        String[] all = java.util.Arrays.copyOf(lines, lines.length + 1);
        all[lines.length] = "prompt_path: '" + file + "'";
        return read(all);
    }

    private static final PromptRow.Shape SHAPE = new PromptRow.Shape(5, 64, 96, 12, 3, 2);

    private void assertWhole(PromptRow row) {
        assertEquals("A dog, \"Rex\".", row.text());
        assertEquals("rex", row.name());
        assertEquals(2, row.samples());
        assertEquals(SHAPE, row.shape());
        assertEquals(9007199254740993L, row.seed());
        assertEquals(List.of("hdfs://store/a.png", "hdfs://store/b.mp4"), row.references());
        assertEquals("0,0,0,1,0", row.maskStrategy());
        assertEquals(List.of("rex-0.mp4", "rex-1.mp4"), List.of(row.fileName(0), row.fileName(1)));
    }

    private static void assertDefault(PromptRow row, int id) {
        assertEquals("A cat.", row.text());
        assertEquals("sample_" + id, row.name());
        assertEquals(new PromptRow.Shape(16, 240, 426, 24, 1, 0), row.shape());
        assertEquals(42, row.seed());
        assertEquals(List.of(), row.references());
    }

    @Test
    void everyColumnOfEveryKindOfTable() throws IOException {
        String references = "hdfs://store/a.png;hdfs://store/b.mp4";
        PromptTable.Prompts csv = file("p.csv", """
                prompt,sample_name,num_sample,num_frames,image_size,fps,seed,loop,condition_frame_length,reference_path,mask_strategy
                "A dog, ""Rex"".",rex,2,5,"[64, 96]",12,9007199254740993,3,2,%s,"0,0,0,1,0"
                A cat.,,,,,,,,,,
                """.formatted(references));
        PromptTable.Prompts json = file("p.jsonl", """
                {"prompt": "A dog, \\"Rex\\".", "sample_name": "rex", "num_sample": 2, "num_frames": 5, "image_size": [64, 96], "fps": 12, "seed": 9007199254740993, "loop": 3, "condition_frame_length": 2, "reference_path": "%s", "mask_strategy": "0,0,0,1,0"}

                {"prompt": "A cat.", "seed": null}
                """.formatted(references));
        StructType type = new StructType()
                .add("prompt", "string")
                .add("sample_name", "string")
                .add("num_sample", "int")
                .add("num_frames", "bigint")
                .add("image_size", DataTypes.createArrayType(DataTypes.IntegerType))
                .add("fps", "int")
                .add("seed", "bigint")
                .add("loop", "int")
                .add("condition_frame_length", "int")
                .add("reference_path", "string")
                .add("mask_strategy", "string");
        Row dog = RowFactory.create(
                "A dog, \"Rex\".", "rex", 2, 5L, List.of(64, 96), 12, 9007199254740993L, 3, 2, references, "0,0,0,1,0");
        Row cat = RowFactory.create("A cat.", null, null, null, null, null, null, null, null, null, null);
        Path parquet = folder.resolve("p.parquet");
        LocalSpark.session()
                .createDataFrame(List.of(dog, cat), type)
                .coalesce(1)
                .write()
                .parquet(parquet.toString());
        for (PromptTable.Prompts prompts : List.of(csv, json, read("prompt_path: '" + parquet + "'"))) {
            assertEquals(List.of(), prompts.bad());
            assertEquals(2, prompts.rows().size());
            assertWhole(prompts.rows().get(0));
            assertDefault(prompts.rows().get(1), 1);
        }
    }

    @Test
    void aTextFileHasOnePromptInALine() throws IOException {
        PromptTable.Prompts prompts = file("p.txt", "A cat. \n\n  last", "start_index: 0", "end_index: 7");
        assertEquals(
                List.of("A cat.", "", "last"),
                prompts.rows().stream().map(PromptRow::text).toList());
        PromptTable.Prompts slice = file("p.txt", "a\nb\nc\nd", "start_index: 1", "end_index: 3");
        assertEquals(
                List.of("sample_1", "sample_2"),
                slice.rows().stream().map(PromptRow::name).toList());
        assertThrows(UserError.class, () -> file("p.txt", "a", "start_index: 1"));
        assertThrows(UserError.class, () -> read("prompt_path: '" + folder.resolve("absent.txt") + "'"));
    }

    /** What Spark and other frames of data write: folders of parts, numbers with a point, NaN, lists. */
    @Test
    void tablesOfDataFrames() throws IOException {
        StructType type = new StructType()
                .add("prompt", "string")
                .add("num_frames", "double")
                .add("seed", "float")
                .add("image_size", DataTypes.createArrayType(DataTypes.LongType))
                .add("reference_path", DataTypes.createArrayType(DataTypes.StringType))
                .add("mask_strategy", "string");
        List<Row> rows = List.of(
                RowFactory.create(
                        "A cat.", 5.0, 3f, List.of(64L, 96L), List.of("hdfs://s/a.png", "hdfs://s/b.png"), "0,0,0,1,0"),
                RowFactory.create("A dog.", Double.NaN, Float.NaN, null, List.of(), null),
                RowFactory.create("bad", 5.5, null, null, null, null),
                RowFactory.create("bad", null, null, java.util.Arrays.asList(64L, null), null, null),
                RowFactory.create(
                        "bad", null, null, null, java.util.Arrays.asList("hdfs://s/a.png", null), "0,0,0,1,0"));
        Path parquet = folder.resolve("prompts");
        Path json = folder.resolve("prompts-json");
        LocalSpark.session().createDataFrame(rows, type).repartition(1).write().parquet(parquet.toString());
        LocalSpark.session().createDataFrame(rows, type).repartition(1).write().json(json.toString());
        for (Path table : List.of(parquet, json)) {
            PromptTable.Prompts prompts = read("prompt_path: '" + table + "'", "num_frames: 7");
            assertEquals(
                    List.of(5, 7),
                    prompts.rows().stream().map(row -> row.shape().numFrames()).toList());
            assertEquals(
                    List.of(3L, 42L),
                    prompts.rows().stream().map(PromptRow::seed).toList());
            assertEquals(
                    List.of(List.of("hdfs://s/a.png", "hdfs://s/b.png"), List.of()),
                    prompts.rows().stream().map(PromptRow::references).toList());
            assertEquals(3, prompts.bad().size());
            assertTrue(
                    prompts.bad().get(0).error().matches(".*prompts.*/part-[^/]*(row|line) 3: Cannot .*"),
                    prompts.bad().get(0).error());
        }
    }

    @Test
    void aMarkOfTheByteOrderIsNoPartOfAPrompt() throws IOException {
        for (String content :
                List.of("p.txt:\uFEFFA cat.", "p.csv:\uFEFFprompt\nA cat.", "p.jsonl:\uFEFF{\"prompt\": \"A cat.\"}")) {
            PromptTable.Prompts prompts =
                    file(content.substring(0, content.indexOf(':')), content.substring(content.indexOf(':') + 1));
            assertEquals(
                    List.of("A cat."),
                    prompts.rows().stream().map(PromptRow::text).toList());
        }
    }

    /** A file system of Hadoop's that is none of this machine, as far as its name tells. */
    public static final class Elsewhere extends org.apache.hadoop.fs.RawLocalFileSystem {
        @Override
        public java.net.URI getUri() {
            return java.net.URI.create("elsewhere:///");
        }

        @Override
        public String getScheme() {
            return "elsewhere";
        }
    }

    @Test
    void anyFileSystemOfHadoopsWillDo() throws IOException {
        Files.writeString(folder.resolve("p.txt"), "A cat.\nA dog.");
        Files.writeString(folder.resolve("p.jsonl"), "{\"prompt\": \"A cat.\"}\n{\"prompt\": \"A dog.\"}");
        Files.writeString(folder.resolve("p.csv"), "prompt\nA cat.\nA dog.");
        LocalSpark.session()
                .createDataset(List.of("A cat.", "A dog."), org.apache.spark.sql.Encoders.STRING())
                .toDF("prompt")
                .coalesce(1)
                .write()
                .parquet(folder.resolve("p.parquet").toString());
        Configuration hadoop = new Configuration();
        hadoop.set("fs.elsewhere.impl", Elsewhere.class.getName());
        hadoop.setBoolean("fs.elsewhere.impl.disable.cache", true);
        for (String name : List.of("p.txt", "p.jsonl", "p.csv", "p.parquet")) {
            PromptTable.Prompts prompts = PromptTable.read(
                    Configs.of("prompt_path: 'elsewhere://" + folder.resolve(name) + "'"), hadoop, CODEC);
            assertEquals(
                    List.of("A cat.", "A dog."),
                    prompts.rows().stream().map(PromptRow::text).toList(),
                    name);
        }
        assertThrows(UserError.class, () -> read("prompt_path: 'nowhere://host/p.txt'"));
    }

    @Test
    void wrongRowsFailAloneAndAreNamed() throws IOException {
        PromptTable.Prompts prompts = file("p.jsonl", """
                {"prompt": "good"}
                {"prompt": "bad", "num_frames": 0}
                no json
                {"prompt": "bad", "image_size": [64]}
                {"prompt": "bad", "colour": 1}
                {"text": "bad"}
                {"prompt": "bad", "loop": 3, "num_frames": 4, "condition_frame_length": 4}
                {"prompt": "bad", "mask_strategy": "1,2"}
                {"prompt": "bad {\\"mask_strategy\\": 3}"}
                {"prompt": "bad [really]"}
                {"prompt": "bad", "num_frames": 2000000000}
                {"prompt": "bad", "image_size": [4, 4]}
                {"prompt": "bad", "fps": 2}
                {"prompt": "|0|a|5|b", "loop": 3, "num_frames": 4, "condition_frame_length": 1}
                ["prompt"]
                {"prompt": "bad", "seed": 1.5}
                {"prompt": "good too"}
                """, "frame_interval: 3");
        assertEquals(
                List.of(0L, 16L),
                prompts.rows().stream().map(PromptRow::promptId).toList());
        assertEquals(15, prompts.bad().size());
        for (int i = 0; i < 15; i++) {
            String error = prompts.bad().get(i).error();
            assertTrue(error.startsWith(folder.resolve("p.jsonl") + ", line " + (i + 2) + ": Cannot "), error);
        }
    }

    private void assertBad(String row, String why, String... lines) throws IOException {
        PromptTable.Prompts prompts = file("p.jsonl", row, lines);
        assertEquals(List.of(), prompts.rows(), row);
        String error = prompts.bad().get(0).error();
        assertTrue(error.contains(", line 1: Cannot ") && error.contains(why), error);
    }

    private void assertGood(String row, String... lines) throws IOException {
        PromptTable.Prompts prompts = file("p.jsonl", row, lines);
        assertEquals(List.of(), prompts.bad(), row);
    }

    /** What the codec or the file cannot have is known before anything is sampled. */
    @Test
    void sizesThatCannotBeWrittenAreRefused() throws IOException {
        assertBad(
                "{'prompt': 'a', 'image_size': [72, 9]}".replace('\'', '"'),
                "72x9 pixels: they would be of 72x8, and an mp4");
        assertBad(
                "{'prompt': 'a', 'image_size': [15, 64]}".replace('\'', '"'),
                "an even width and height of at least 16");
        assertBad("{'prompt': 'a', 'image_size': [4096, 4096], 'num_frames': 2}".replace('\'', '"'), "an mp4 takes");
        assertBad(
                "{'prompt': 'a', 'image_size': [64, 7]}".replace('\'', '"'),
                "64x7 pixels: the vae makes blocks of 8x8");
        assertBad("{'prompt': 'a'}".replace('\'', '"'), "an mp4 takes", "image_size: [8, 16]");
        assertGood("{'prompt': 'a', 'image_size': [16, 23]}".replace('\'', '"'));
        assertGood("{'prompt': 'a', 'image_size': [2304, 4096], 'num_frames': 2}".replace('\'', '"'));
        assertGood("{'prompt': 'a', 'image_size': [72, 9]}".replace('\'', '"'), "video_format: gif");
        assertGood("{'prompt': 'a', 'image_size': [72, 9], 'num_frames': 1}".replace('\'', '"'));
    }

    /** References without a mask strategy would be ignored, and a strategy without references fails in an executor. */
    @Test
    void referencesAndMaskStrategiesNeedEachOther() throws IOException {
        String reference = "{'prompt': 'a', 'reference_path': 'hdfs://s/a.png'%s}".replace('\'', '"');
        String plain = "{'prompt': 'a'%s}".replace('\'', '"');
        String mask = ", 'mask_strategy': '%s'".replace('\'', '"');
        String loops = ", 'loop': 3, 'condition_frame_length': 2".replace('\'', '"');
        assertBad(reference.formatted(""), "there is no mask_strategy. Give mask_strategy, such as 0,0,0,1,0");
        assertBad(plain.formatted(""), "there is no mask_strategy", "reference_path: ['/x/a.png']");
        assertBad(
                reference.formatted(mask.formatted("0,1,0,1,0")),
                "puts frames of one into the clip's 1 loop of 16 latent frames");
        assertBad(reference.formatted(mask.formatted("1,0,0,1,0")), "names reference 1 of a prompt that has 1");
        assertBad(reference.formatted(loops + mask.formatted("1,1,0,1,0")), "into the clip's 3 loops");
        assertBad(plain.formatted(mask.formatted("0,0,0,1,0")), "names reference 0 of a prompt that has 0");
        assertBad(plain.formatted(""), "names reference 0 of a prompt that has 0", "mask_strategy: ['0,0,0,1,0']");
        for (String nowhere : List.of("0,0,0,0,0", "0,0,0,1,16", "0,0,0,2,-18")) {
            assertBad(reference.formatted(mask.formatted(nowhere)), "no tuple of mask_strategy puts frames");
        }
        assertGood(reference.formatted(mask.formatted("0,0,0,2,-17")));
        assertGood(reference.formatted(mask.formatted("0,0,0,1,15")));
        assertGood(reference.formatted(mask.formatted("0,0,0,1,0")));
        assertGood(reference.formatted(loops + mask.formatted("0,1,0,1,0")));
        assertGood(plain.formatted(loops + mask.formatted("0,1,0,1,0"))); // the clip of loop 0
        assertGood(plain.formatted(mask.formatted("0,1,0,1,0"))); // of a loop that there is not
    }

    @Test
    void theLastLineHasTheCommonestErrors() {
        String wrong = "p.jsonl, line %d: Cannot use this prompt: num_frames is %d. Give 5.";
        assertEquals(
                "p.jsonl, line 1: Cannot read it.", InferenceRun.reasons(List.of("p.jsonl, line 1: Cannot read it.")));
        assertEquals(
                wrong.formatted(2, 7) + " So 2 of 3; 1 as p.jsonl, line 1: Cannot read it.",
                InferenceRun.reasons(
                        List.of("p.jsonl, line 1: Cannot read it.", wrong.formatted(2, 7), wrong.formatted(3, 9))));
    }

    @Test
    void brokenCsvRowsFailAlone() throws IOException {
        PromptTable.Prompts prompts = file("p.csv", "prompt,seed\r\na,1\r\nb\r\nc,x\r\n\"d\nd\",4\r\n\"e,5\r\n");
        assertEquals(
                List.of("a", "d\nd"),
                prompts.rows().stream().map(PromptRow::text).toList());
        assertEquals(3, prompts.bad().size());
        assertTrue(
                prompts.bad().get(2).error().contains("line 7: "),
                prompts.bad().get(2).error());
        assertThrows(UserError.class, () -> file("p.csv", "text\na\n"));
        assertThrows(UserError.class, () -> file("p.csv", "prompt,colour\na,b\n"));
    }

    @Test
    void theObjectAtTheEndOfAPromptWinsOverColumnsAndTheseOverLists() throws IOException {
        PromptTable.Prompts prompts = file(
                "p.jsonl",
                """
                {"prompt": "a {\\"reference_path\\": \\"hdfs://s/c.png\\"}", "reference_path": "hdfs://s/b.png"}
                {"prompt": "a", "reference_path": "hdfs://s/b.png"}
                {"prompt": "a"}
                """,
                "reference_path: ['/x/a.png', '/x/a.png', '/x/a.png']",
                "mask_strategy: ['0,0,0,1,0', '0,0,0,1,0', '0,0,0,1,0']");
        assertEquals(
                List.of(List.of("hdfs://s/c.png"), List.of("hdfs://s/b.png"), List.of("file:/x/a.png")),
                prompts.rows().stream().map(PromptRow::references).toList());
        UserError e = assertThrows(UserError.class, () -> read("prompt: [a, b]", "reference_path: [/x/a.png]"));
        assertTrue(e.getMessage().contains("1 entries for 2 prompts"), e.getMessage());
    }

    @Test
    void tablesMayNotNameLocalFilesOrHostsUnlessAllowed() throws IOException {
        String table = """
                {"prompt": "a", "reference_path": "/etc/passwd", "mask_strategy": "0,0,0,1,0"}
                {"prompt": "a", "reference_path": "file:///etc/passwd", "mask_strategy": "0,0,0,1,0"}
                {"prompt": "a", "reference_path": "FILE:/etc/passwd", "mask_strategy": "0,0,0,1,0"}
                {"prompt": "a", "reference_path": "har://file-x/etc/a.har/b", "mask_strategy": "0,0,0,1,0"}
                {"prompt": "a {\\"reference_path\\": \\"../a.png\\"}", "mask_strategy": "0,0,0,1,0"}
                {"prompt": "a", "reference_path": "http://169.254.169.254/latest", "mask_strategy": "0,0,0,1,0"}
                {"prompt": "a", "reference_path": "https://good@evil.org/a.png", "mask_strategy": "0,0,0,1,0"}
                {"prompt": "a", "reference_path": "hdfs://s/a.png;", "mask_strategy": "0,0,0,1,0"}
                {"prompt": "a", "reference_path": "https://cdn.good.org/a.png", "mask_strategy": "0,0,0,1,0"}
                """;
        assertEquals(9, file("p.jsonl", table).bad().size());
        PromptTable.Prompts hosts = file("p.jsonl", table, "reference_hosts: ['*.good.org']");
        assertEquals(List.of(8L), hosts.rows().stream().map(PromptRow::promptId).toList());
        PromptTable.Prompts local = file("p.jsonl", table, "local_references_in_tables: true");
        assertEquals(
                List.of(0L, 1L, 2L, 4L),
                local.rows().stream().map(PromptRow::promptId).toList());
    }

    @Test
    void namesStayInTheFolderAndApart() throws IOException {
        String longText = "x".repeat(10_000);
        PromptTable.Prompts prompts = file("p.jsonl", """
                {"prompt": "../../etc/cron"}
                {"prompt": "/a/b"}
                {"prompt": "\\ud83d\\ude80 \\"quoted\\" 'x' <b>"}
                {"prompt": "%s1"}
                {"prompt": "%s2"}
                {"prompt": "same"}
                {"prompt": "same"}
                {"prompt": ".."}
                """.formatted(longText, longText), "prompt_as_path: true");
        List<String> names = prompts.rows().stream().map(PromptRow::name).toList();
        assertEquals(List.of("__.._etc_cron", "_a_b", "\ud83d\ude80 \"quoted\" 'x' <b>"), names.subList(0, 3));
        assertEquals("_", names.get(6));
        assertTrue(!names.get(3).equals(names.get(4)));
        for (String name : names) {
            assertTrue(name.indexOf('/') < 0 && !name.startsWith(".") && name.getBytes(UTF_8).length <= 200, name);
        }
        assertEquals(1, prompts.bad().size());
        assertTrue(
                prompts.bad().get(0).error().contains("line 7: Cannot use this prompt: its clip same.mp4 is that of"),
                prompts.bad().get(0).error());
        PromptTable.Prompts named = file(
                "n.txt",
                "a cat? {\"mask_strategy\": \"0,1,0,1,0\"}\nat 5:30",
                "prompt_as_path: true",
                "sample_name: clip-");
        assertEquals(
                List.of("clip-a cat? .mp4", "clip-at 5_30.mp4"),
                named.rows().stream().map(row -> row.fileName(0)).toList());
    }

    @Test
    void aSizeCanBeNamed() {
        InferenceConfig config = Configs.of("resolution: 240p", "aspect_ratio: '9:16'", "image_size: [8, 8]");
        assertEquals(
                List.of(240, 426),
                List.of(config.video().size().height(), config.video().size().width()));
        InferenceConfig upright = Configs.of("resolution: 240P", "aspect_ratio: '16:9'");
        assertEquals(
                List.of(426, 240),
                List.of(upright.video().size().height(), upright.video().size().width()));
        assertThrows(UserError.class, () -> Configs.of("resolution: 240p", "aspect_ratio: '1:9'"));
        assertThrows(UserError.class, () -> Configs.of("resolution: 240p"));
        assertThrows(UserError.class, () -> Configs.of("resolution: 241p", "aspect_ratio: '9:16'"));
    }

    @Test
    void whatOthersWroteIsQuotedOnOneLine() throws IOException {
        PromptTable.Prompts prompts = file("p.jsonl", """
                {"prompt": "good"}
                {"prompt": "new\\nline \\u001b[31mINFO  all is well {"}
                {"prompt": "bad", "c\\u202eolour": 1}
                {"prompt": "bad [%s]"}
                """.formatted("x".repeat(300)));
        assertEquals(1, prompts.rows().size());
        List<String> errors = prompts.bad().stream().map(BadPrompt::error).toList();
        assertTrue(errors.get(0).contains("'new\\u000Aline \\u001B[31mINFO  all is well {'"), errors.get(0));
        assertTrue(errors.get(1).contains("'c\\u202Eolour'"), errors.get(1));
        assertTrue(errors.get(2).contains("'bad [" + "x".repeat(195) + "...'"), errors.get(2));
    }
}
