// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.storage.FolderLease.Timing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class FolderLeaseTest {
    /** Signs of life that nobody waits for. */
    private static final Timing SLOW = new Timing(Duration.ofHours(1), Duration.ofHours(1));

    private static final Timing FAST = new Timing(Duration.ofMillis(20), Duration.ofMillis(400));

    @TempDir
    private Path work;

    private Path folder;
    private HadoopStorage storage;

    @BeforeEach
    void name() throws IOException {
        folder = work.resolve("out [1]: a");
        storage = new HadoopStorage(new Configuration(), folder.toString());
    }

    private FolderLease take(LeaseOwner self, Timing timing) throws IOException {
        return FolderLease.take(storage, "--output", self, timing);
    }

    private FolderLease take(Timing timing) throws IOException {
        return take(LeaseOwner.ofThisProcess("bucketing"), timing);
    }

    /** As another machine would say it. */
    private static LeaseOwner elsewhere() {
        LeaseOwner here = LeaseOwner.ofThisProcess("training");
        return new LeaseOwner(here.id(), here.job(), "node-7", 12, "2026-01-01T00:00:00Z", "another boot");
    }

    private Path claim(int number) {
        return folder.resolve(FolderLease.FOLDER).resolve("0000000" + number + ".json");
    }

    private void claimed(int number, LeaseOwner owner) throws IOException {
        Files.createDirectories(claim(number).getParent());
        Files.write(claim(number), owner.json(1));
    }

    @Test
    void theSecondIsRefusedByNameUntilTheFirstHasEnded() throws Exception {
        FolderLease first = take(SLOW);
        UserError refused = assertThrows(UserError.class, () -> take(SLOW));
        assertTrue(
                refused.getMessage()
                        .matches("Cannot write to \\Q" + folder
                                + "\\E: the bucketing job that started on \\S+ \\(process "
                                + ProcessHandle.current().pid()
                                + "\\) at \\S+ works there\\. Wait for its end, or give another --output\\."),
                refused.getMessage());
        first.requireHeld();
        first.close();
        first.close();
        assertFalse(Files.exists(folder), "nothing was written");
        take(SLOW).close();

        Files.createDirectories(folder);
        take(SLOW).close();
        try (var left = Files.list(folder)) {
            assertEquals(0, left.count());
        }
    }

    @Test
    void ofManyAtOnceOneOwnsTheFolder() throws Exception {
        int count = 8;
        ExecutorService threads = Executors.newFixedThreadPool(count);
        try {
            for (int round = 0; round < 20; round++) {
                CountDownLatch start = new CountDownLatch(1);
                List<Future<FolderLease>> tries = new ArrayList<>();
                for (int i = 0; i < count; i++) {
                    Callable<FolderLease> one = () -> {
                        start.await();
                        try {
                            return take(SLOW);
                        } catch (UserError e) {
                            return null;
                        }
                    };
                    tries.add(threads.submit(one));
                }
                start.countDown();
                List<FolderLease> owners = new ArrayList<>();
                for (Future<FolderLease> each : tries) {
                    if (each.get() != null) {
                        owners.add(each.get());
                    }
                }
                assertEquals(1, owners.size(), "round " + round);
                owners.get(0).requireHeld();
                owners.get(0).close();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void aProcessOfThisMachineThatHasEndedOwnsNothing() throws Exception {
        LeaseOwner here = LeaseOwner.ofThisProcess("bucketing");
        Process ended = new ProcessBuilder("true").start();
        ended.waitFor();
        claimed(3, new LeaseOwner("a", "bucketing", here.host(), ended.pid(), here.started(), here.machine()));
        take(SLOW).close(); // at once
        // The number of a process that has ended may be another's by now.
        claimed(
                3,
                new LeaseOwner("a", "bucketing", here.host(), here.process(), "1999-01-01T00:00:00Z", here.machine()));
        take(SLOW).close();
        assertFalse(Files.exists(claim(3)), "it is removed by the one that took over");
    }

    @Test
    void anOwnerElsewhereIsDeadAfterTheStatedTimeWithoutASignOfLife() throws Exception {
        claimed(1, elsewhere());
        long expiry = SLOW.expiry().toNanos();
        AtomicInteger looks = new AtomicInteger();
        FolderLease taken = take(new Timing(FAST.beat(), SLOW.expiry(), () -> {
            int look = looks.getAndIncrement();
            return look == 0 ? 0 : look < 6 ? expiry - 1 : expiry;
        }));
        assertTrue(looks.get() > 6, "it is watched to the last nanosecond");
        assertTrue(Files.exists(claim(2)));
        taken.close();
        // A claim that was being made when its owner died.
        Files.createDirectories(claim(1).getParent());
        Files.createFile(claim(1));
        take(FAST).close();
    }

    @Test
    void anOwnerElsewhereThatLivesIsRecognisedByItsBeat() throws Exception {
        try (FolderLease owner = take(elsewhere(), FAST)) {
            Timing patient = new Timing(FAST.beat(), Duration.ofSeconds(30));
            UserError refused = assertThrows(UserError.class, () -> take(patient));
            assertTrue(
                    refused.getMessage().contains("the training job that started on node-7 (process 12) at"),
                    refused.getMessage());
            owner.requireHeld();
        }
    }

    @Test
    void whoHasLostTheFolderCommitsNothingAndLeavesItToTheOther() throws Exception {
        FolderLease lost = take(elsewhere(), SLOW);
        FolderLease owner = take(LeaseOwner.ofThisProcess("bucketing"), FAST);
        UserError error = assertThrows(UserError.class, lost::requireHeld);
        assertTrue(
                error.getMessage().startsWith("Cannot write to " + folder + " any longer: the bucketing job")
                        && error.getMessage().contains(" has taken it over. Nothing more is written."),
                error.getMessage());
        assertThrows(UserError.class, () -> lost.claim().requireHeld(storage));
        lost.close();
        owner.requireHeld();
        Files.delete(claim(2));
        assertThrows(UserError.class, owner::requireHeld, "its claim is gone");
        Thread.sleep(5 * FAST.beat().toMillis());
        assertFalse(Files.exists(claim(2)), "a beat does not bring it back");
        owner.close();
    }
}
