// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.bucketing.media.crash.CrashGuard;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReferenceReaderTest {
    private static final Path MEDIA =
            Path.of(System.getProperty("project.root")).resolve("bucketing/src/test/resources/media");

    @TempDir
    Path folder;

    /** Ends like a process whose decoder took it along, while it has a file open. */
    static final class Dying {
        public static void main(String[] arguments) throws IOException {
            CrashGuard.open(Path.of(arguments[0])).enter(arguments[1]);
            Runtime.getRuntime().halt(139);
        }
    }

    private static void dieOver(String output, String state) throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        "-Xmx64m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Dying.class.getName(),
                        CrashGuard.folder(output).toString(),
                        state)
                .inheritIO()
                .start();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        assertEquals(139, process.exitValue());
    }

    @Test
    void aFileOverWhichAProcessDiedTwiceIsNotOpenedAgain() throws Exception {
        Path bad = Files.copy(MEDIA.resolve("plain.mp4"), folder.resolve("bad.mp4"));
        Path good = Files.copy(MEDIA.resolve("plain.mp4"), folder.resolve("good.mp4"));
        String output = folder.resolve("out").toString();
        String state = "file:" + bad + " " + Files.size(bad) + " "
                + Files.getLastModifiedTime(bad).toMillis();
        dieOver(output, state);
        try (ReferenceReader reader = reader(output)) {
            reader.open("file:" + bad).close(); // others were open with it, perhaps; alone it does no harm
        }
        dieOver(output, state);
        dieOver(output, state);
        try (ReferenceReader reader = reader(output)) {
            PromptFailure e = assertThrows(PromptFailure.class, () -> reader.open("file:" + bad));
            assertTrue(e.getMessage().contains("native_crash"), e.getMessage());
            try (ReferenceReader.Reference reference = reader.open("file:" + good)) {
                assertEquals(3 * 32 * 48, reference.read(new int[] {0}, 32, 48).values().length);
            }
        }
    }

    private static ReferenceReader reader(String output) throws IOException {
        return new ReferenceReader(new Configuration(), Configs.of().conditioning(), output);
    }
}
