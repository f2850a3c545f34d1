// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.bucketing.media.ProbeOptions.FrameCount;
import io.sparkreel.bucketing.media.range.Excerpt;
import io.sparkreel.bucketing.media.scale.FrameTransform;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Damaged files end in an answer or a reason, soon, and never take the process with them. */
class MutatedFilesTest {

    /** Of the processor; a busy machine may take longer by the clock. */
    private static final double LIMIT_SECONDS = 2;

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    @Test
    @Timeout(120)
    void fiveHundredMutatedFiles() throws Exception {
        check(500, 1);
    }

    @Test
    @Tag("slow")
    void twentyThousandMutatedFiles() throws Exception {
        check(20_000, 2);
    }

    /** Whatever the damage: edges decodes less than full does, and asks for no more. */
    @Test
    @Timeout(120)
    void edgesRefusesNothingThatFullAccepts() throws Exception {
        List<byte[]> originals = originals();
        SplittableRandom random = new SplittableRandom(3);
        int accepted = 0;
        for (int i = 0; i < 1500; i++) {
            byte[] file = mutate(originals, random);
            FrameCount frameCount = FrameCount.values()[i % FrameCount.values().length];
            try {
                MediaProbe.probe(MediaSource.of(file), new ProbeOptions(frameCount, Verify.FULL));
            } catch (MediaException refused) {
                continue;
            }
            accepted++;
            int number = i;
            assertDoesNotThrow(
                    () -> MediaProbe.probe(MediaSource.of(file), new ProbeOptions(frameCount, Verify.EDGES)),
                    () -> "file " + number);
        }
        assertTrue(accepted > 100, accepted + " accepted");
    }

    private static void check(int count, long seed) throws Exception {
        List<byte[]> originals = originals();
        SplittableRandom random = new SplittableRandom(seed);
        Map<MediaProblem, Integer> problems = new EnumMap<>(MediaProblem.class);
        int read = 0;
        for (int i = 0; i < count; i++) {
            byte[] file = mutate(originals, random);
            long start = THREADS.getCurrentThreadCpuTime();
            try {
                MediaSource source = MediaSource.of(file);
                Verify verify = Verify.values()[i % Verify.values().length];
                FrameCount frameCount = FrameCount.values()[i / 3 % FrameCount.values().length];
                MediaInfo info = MediaProbe.probe(source, new ProbeOptions(frameCount, verify));
                assertTrue(info.width() > 0 && info.height() > 0 && info.numFrames() > 0, info.toString());
                assertTrue(info.fps() >= 0 && info.durationSeconds() >= 0, info.toString());
                ClipReader.readAll(
                        source,
                        info.kind(),
                        Excerpt.WHOLE,
                        new ClipReader.Target(FrameTransform.RESIZE_CROP, 16, 24, PictureRules.SHOWN),
                        200L * 3 * 16 * 24 * 4);
                read++;
            } catch (MediaException exception) {
                problems.merge(exception.problem(), 1, Integer::sum);
            }
            double seconds = (THREADS.getCurrentThreadCpuTime() - start) / 1e9;
            assertTrue(seconds < LIMIT_SECONDS, "file %d of seed %d took %.1f s".formatted(i, seed, seconds));
        }
        // Both kinds of end are met, or the mutations are too weak or too strong to say anything.
        assertTrue(read > count / 20, "%d of %d files could be read".formatted(read, count));
        assertTrue(problems.size() >= 4, problems.toString());
    }

    private static List<byte[]> originals() throws Exception {
        List<byte[]> originals = new ArrayList<>();
        for (String name : TestMedia.smallNames()) {
            originals.add(TestMedia.bytes(name));
        }
        originals.add(Files.readAllBytes(TestMedia.clip("dog-floor-pan.mp4")));
        originals.add(Files.readAllBytes(TestMedia.clip("christmas-table.jpg")));
        return originals;
    }

    private static byte[] mutate(List<byte[]> originals, SplittableRandom random) {
        byte[] file = originals.get(random.nextInt(originals.size())).clone();
        switch (random.nextInt(6)) {
            case 0 -> flipBits(file, 1 + random.nextInt(200), file.length, random);
            case 1 -> flipBits(file, 1 + random.nextInt(20), Math.min(1024, file.length), random);
            case 2 -> file = Arrays.copyOf(file, 1 + random.nextInt(file.length));
            case 3 -> file = splice(file, originals.get(random.nextInt(originals.size())), random);
            case 4 -> {
                int from = random.nextInt(file.length);
                int to = Math.min(file.length, from + 1 + random.nextInt(4096));
                Arrays.fill(file, from, to, (byte) random.nextInt(256));
            }
            default -> {
                // Sizes, counts and offsets of containers are aligned runs of extreme bytes.
                for (int i = 0; i < 3 && file.length > 8; i++) {
                    int at = random.nextInt(file.length - 4);
                    Arrays.fill(file, at, at + 4, (byte) (random.nextBoolean() ? 0xff : 0x7f));
                }
            }
        }
        return file;
    }

    private static void flipBits(byte[] file, int count, int within, SplittableRandom random) {
        for (int i = 0; i < count; i++) {
            file[random.nextInt(within)] ^= (byte) (1 << random.nextInt(8));
        }
    }

    private static byte[] splice(byte[] first, byte[] second, SplittableRandom random) {
        int head = random.nextInt(first.length);
        int tail = random.nextInt(second.length);
        byte[] file = Arrays.copyOf(first, head + second.length - tail);
        System.arraycopy(second, tail, file, head, second.length - tail);
        return file;
    }
}
