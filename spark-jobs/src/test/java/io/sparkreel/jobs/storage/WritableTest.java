// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.storage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.jobs.error.UserError;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WritableTest {
    private final Configuration hadoop = new Configuration();

    @TempDir
    private Path work;

    private String refusal(Path folder) {
        String message = assertThrows(UserError.class, () -> Writable.require(hadoop, folder.toString(), "--output"))
                .getMessage();
        assertTrue(message.startsWith("Cannot write to " + folder + ": "), message);
        assertTrue(message.contains("Give another --output"), message);
        assertFalse(message.contains("\n"), message);
        return message;
    }

    @Test
    void whatIsThereAndWhatIsNotStaysSo() throws Exception {
        Path folder = Files.createDirectories(work.resolve("there"));
        Path kept = Files.writeString(folder.resolve("kept"), "kept");
        Writable.require(hadoop, folder.toString(), "--output");
        assertArrayEquals(new String[] {"kept"}, folder.toFile().list());
        assertEquals("kept", Files.readString(kept));
        Writable.require(hadoop, work.resolve("a/b/c").toString(), "--output");
        assertArrayEquals(new String[] {"there"}, work.toFile().list());
        Writable.require(hadoop, folder.resolve("below").toString(), "--output");
        assertArrayEquals(new String[] {"kept"}, folder.toFile().list());
    }

    @Test
    void aFileIsNoFolder() throws Exception {
        Path file = Files.writeString(work.resolve("file"), "x");
        assertTrue(refusal(file).contains(": it is a file."));
        String below = refusal(file.resolve("a").resolve("b"));
        assertTrue(below.contains(file + " is a file."), below);
        assertEquals("x", Files.readString(file));
    }

    @Test
    void jobsThatLookAtTheSameTimeDoNotDisturbEachOther() throws Exception {
        Path folder = work.resolve("shared");
        int count = 6;
        ExecutorService threads = Executors.newFixedThreadPool(count);
        try {
            for (int round = 0; round < 50; round++) {
                List<Future<?>> looks = new ArrayList<>();
                CountDownLatch start = new CountDownLatch(1);
                for (int i = 0; i < count; i++) {
                    Callable<Void> look = () -> {
                        start.await();
                        Writable.require(hadoop, folder.toString(), "--output");
                        return null;
                    };
                    looks.add(threads.submit(look));
                }
                start.countDown();
                for (Future<?> look : looks) {
                    look.get();
                }
                assertTrue(!Files.exists(folder) || folder.toFile().list().length == 0, "nothing is left");
                Files.deleteIfExists(folder);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    /** Root may write everywhere but there. */
    @Test
    void aFolderThatTakesNoFilesIsToldBeforehand() {
        refusal(Path.of("/proc/sparkreel"));
        refusal(Path.of("/proc"));
    }
}
