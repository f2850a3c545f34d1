// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media.crash;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CrashMarksTest {

    @TempDir
    Path folder;

    @Test
    void aProcessThatDiesLeavesItsOpenFilesBehind() throws Exception {
        assertEquals(7, run(Dying.class));

        try (CrashMarks marks = CrashMarks.open(folder)) {
            assertEquals(Set.of("s3a://clips/\u4e16\u754c.mp4", "two.mp4"), Set.copyOf(marks.leftBehind()));
        }
        try (CrashMarks marks = CrashMarks.open(folder)) {
            assertEquals(List.of(), marks.leftBehind());
        }
    }

    private int run(Class<?> program) throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx64m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        program.getName(),
                        folder.toString())
                .redirectErrorStream(true)
                .start();
        process.getInputStream().transferTo(System.err);
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        return process.exitValue();
    }

    /** Opens three files, finishes one, and is gone. */
    static final class Dying {

        public static void main(String[] arguments) throws IOException {
            CrashMarks marks = CrashMarks.open(Path.of(arguments[0]));
            marks.mark("s3a://clips/\u4e16\u754c.mp4");
            marks.mark("finished.mp4").close();
            marks.mark("two.mp4");
            Runtime.getRuntime().halt(7);
        }
    }

    /** Exits with the number of files it finds left behind. */
    static final class Looking {

        public static void main(String[] arguments) throws IOException {
            int found;
            try (CrashMarks marks = CrashMarks.open(Path.of(arguments[0]))) {
                found = marks.leftBehind().size();
            }
            System.exit(found);
        }
    }

    @Test
    void theLivingAreLeftAlone() throws Exception {
        try (CrashMarks first = CrashMarks.open(folder);
                CrashMarks.Mark mark = first.mark("open.mp4");
                CrashMarks second = CrashMarks.open(folder)) {
            assertEquals(List.of(), second.leftBehind());
            assertEquals(0, run(Looking.class));
            mark.close();
            mark.close();
            try (CrashMarks.Mark one = first.mark("1");
                    CrashMarks.Mark other = first.mark("2")) {
                assertTrue(one != other);
            }
        }
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(0, files.count());
        }
    }

    /** As the tasks of a process do that is started again after one that died. */
    @Test
    void threadsThatLookAtOnceFindEachMarkOnce() throws Exception {
        int dead = 200;
        for (int i = 0; i < dead; i++) {
            byte[] name = ("clip-" + i).getBytes(UTF_8);
            Files.write(
                    folder.resolve(i + ".marks"),
                    ByteBuffer.allocate(Integer.BYTES + name.length)
                            .putInt(name.length)
                            .put(name)
                            .array());
        }
        int threads = 8;
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            CyclicBarrier together = new CyclicBarrier(threads);
            Callable<List<String>> look = () -> {
                together.await();
                try (CrashMarks marks = CrashMarks.open(folder)) {
                    return marks.leftBehind();
                }
            };
            List<String> found = new ArrayList<>();
            for (Future<List<String>> some : pool.invokeAll(Collections.nCopies(threads, look))) {
                found.addAll(some.get());
            }
            assertEquals(dead, found.size());
            assertEquals(dead, Set.copyOf(found).size());
        } finally {
            pool.shutdownNow();
        }
    }

    @Test
    void aNameThatDoesNotFitIsRefused() throws Exception {
        try (CrashMarks marks = CrashMarks.open(folder)) {
            marks.mark("x".repeat(8188)).close();
            assertThrows(IOException.class, () -> marks.mark("x".repeat(8189)));
        }
    }
}
