// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.bucketing.media.crash.CrashGuard;
import io.sparkreel.bucketing.media.range.CropBox;
import io.sparkreel.bucketing.media.range.Excerpt;
import io.sparkreel.bucketing.media.range.FrameRange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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

    @Test
    void aPartOfAFileIsMeant() throws Exception {
        String film = "file:" + MEDIA.resolve("plain.mp4");
        String output = folder.resolve("out").toString();
        try (ReferenceReader reader = reader(output);
                ReferenceReader.Reference whole = reader.open(film);
                ReferenceReader.Reference part = reader.open(film + "#frames=5-9")) {
            assertEquals(4, part.frames());
            assertArrayEquals(
                    whole.read(new int[] {6, 8}, 32, 48).values(),
                    part.read(new int[] {1, 3}, 32, 48).values());
            PromptFailure none = assertThrows(PromptFailure.class, () -> part.read(new int[] {4}, 32, 48));
            assertTrue(none.getMessage().contains("plain.mp4"), none.getMessage());
            PromptFailure beyond =
                    assertThrows(PromptFailure.class, () -> reader.open(film + "#frames=5-" + (whole.frames() + 1)));
            assertTrue(beyond.getMessage().contains("it has " + whole.frames() + " frames"), beyond.getMessage());
            assertThrows(PromptFailure.class, () -> reader.open(film + "#frames=9-9"));
            assertThrows(PromptFailure.class, () -> reader.open(film + "#frames=9"));
        }
    }

    @Test
    void partsAreWrittenAsFragments() {
        assertEquals(
                new ReferencePart("a#b.mp4", new Excerpt(new FrameRange(0, 9), new CropBox(0, 24, 320, 132))),
                ReferencePart.of("a#b.mp4#frames=0-9&xywh=0,24,320,132"));
        assertEquals(
                new ReferencePart("a.png", new Excerpt(null, new CropBox(1, 2, 3, 4))),
                ReferencePart.of("a.png#xywh=1,2,3,4"));
        for (String name :
                List.of("a.mp4", "a.mp4#", "a#1.mp4", "a#frames=1-2.mp4", "a#1", "a.mp4#frames=1-2xywh=1,2,3,4")) {
            assertEquals(new ReferencePart(name, Excerpt.WHOLE), ReferencePart.of(name));
        }
    }

    private static ReferenceReader reader(String output) throws IOException {
        return new ReferenceReader(new Configuration(), Configs.of().conditioning(), output);
    }
}
