// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inventory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.bucketing.media.crash.CrashGuard;
import io.sparkreel.jobs.BucketedMedia;
import io.sparkreel.jobs.LocalSpark;
import io.sparkreel.jobs.config.bucketing.BucketingConfig;
import io.sparkreel.jobs.inventory.Probing.Probed;
import io.sparkreel.jobs.storage.HadoopStorage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.bytedeco.javacpp.BytePointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Processes that really die of a bad address while they hold files open. */
class CrashGuardTest {
    @TempDir
    Path folder;

    /** Dies over the last of the files named, all of them open. */
    static final class Crasher {
        public static void main(String[] arguments) throws Exception {
            CrashGuard guard = CrashGuard.open(Path.of(arguments[0]));
            for (String file : Arrays.asList(arguments).subList(1, arguments.length)) {
                guard.enter(file);
            }
            try (BytePointer nowhere = new BytePointer() {
                {
                    address = 8;
                }
            }) {
                System.exit(nowhere.get());
            }
        }
    }

    private static void crash(Path marks, String... files) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-Xmx64m",
                "-XX:ErrorFile=/dev/null",
                "-XX:-CreateCoredumpOnCrash",
                "-cp",
                System.getProperty("java.class.path"),
                Crasher.class.getName(),
                marks.toString()));
        command.addAll(List.of(files));
        Path output = Files.createTempFile("crash", ".txt");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), "the process did not end");
        String said = Files.readString(output);
        Files.delete(output);
        assertTrue(said.contains("SIGSEGV") && said.contains("crash happened outside the Java Virtual Machine"), said);
    }

    @Test
    void whoWasOnlyNearACrashIsOpenedAgain() throws Exception {
        crash(folder, "innocent", "bad");
        try (CrashGuard guard = CrashGuard.open(folder)) {
            assertFalse(guard.isKnownToCrash("bad") || guard.isKnownToCrash("innocent"));
            guard.enter("innocent").close();
        }
        crash(folder, "bad");
        try (CrashGuard guard = CrashGuard.open(folder)) {
            assertTrue(guard.isKnownToCrash("bad"));
            assertFalse(guard.isKnownToCrash("innocent"));
        }
    }

    @Test
    void aCrashCostsTheJobOneClip() throws Exception {
        Path media = folder.resolve("media");
        BucketedMedia.copy(media, "plain.mp4", "hevc.mp4", "still.png");
        BucketingConfig config =
                BucketedMedia.config(media, folder.resolve("out"), "bucket_config: {144p: {1: [1.0, 4]}}");
        HadoopStorage output = new HadoopStorage(new Configuration(), config.output());
        Path marks = CrashGuard.folder(output.uri(""));
        Path bad = media.resolve("hevc.mp4");
        String name = "file:" + bad + " " + Files.size(bad) + " "
                + Files.getLastModifiedTime(bad).toMillis();
        crash(marks, name);
        crash(marks, name);
        Probed probed = new Probing(LocalSpark.session(), config, output, "run")
                .probe(MediaInput.resolve(new Configuration(), config.input()), Optional.empty());
        List<Row> refused = probed.quarantine().collectAsList();
        assertEquals(1, refused.size());
        assertEquals("native_crash", refused.get(0).getAs("reason"));
        assertTrue(refused.get(0).<String>getAs("uri").endsWith("hevc.mp4"));
        assertEquals(2, probed.clips().count());
        assertNotEquals(0, probed.clips().where("num_frames > 1").count());
    }
}
