// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.jobs.Launcher;
import io.sparkreel.jobs.LocalSpark;
import io.sparkreel.jobs.cluster.HdfsCluster;
import io.sparkreel.jobs.dataset.BucketingManifest;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.storage.FolderLease.Timing;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The lease of a folder on HDFS, and a job that writes there. */
@Tag("slow")
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HdfsIT {
    private static final Path ROOT = Path.of(System.getProperty("project.root"));
    private static final Path WORK = ROOT.resolve("target/hdfs-it");
    private static final Launcher LAUNCHER = new Launcher(ROOT, WORK);
    /** Signs of life that nobody waits for. */
    private static final Timing RARE = new Timing(Duration.ofHours(1), Duration.ofHours(1));

    private static final Timing FAST = new Timing(Duration.ofMillis(100), Duration.ofSeconds(2));
    private static final int ROUNDS = 20;
    private static final int CLIENTS = 8;

    /** The first launch of all may say how it archives Spark's classes. */
    private static final Launcher.Incident QUIETLY = (process, log) -> {};

    private static HdfsCluster hdfs;

    @BeforeAll
    static void start() throws Exception {
        LAUNCHER.begin();
        hdfs = new HdfsCluster(WORK);
    }

    @AfterAll
    static void stop() throws Exception {
        if (hdfs != null) {
            hdfs.close();
        }
    }

    private static HadoopStorage folder(String name) throws IOException {
        return new HadoopStorage(HdfsCluster.client(), hdfs.uri(name));
    }

    private static FolderLease take(String name, LeaseOwner self, Timing timing) throws IOException {
        return FolderLease.take(folder(name), "--output", self, timing);
    }

    /** As another machine would say it. */
    private static LeaseOwner elsewhere() {
        LeaseOwner here = LeaseOwner.ofThisProcess("training");
        return new LeaseOwner(here.id(), here.job(), "node-7", 12, "2026-01-01T00:00:00Z", "another boot");
    }

    private static LeaseOwner here() {
        return LeaseOwner.ofThisProcess("bucketing");
    }

    /** Nobody waits for the claim that another is making. */
    @Test
    void ofManyAtOnceOneOwnsTheFolder() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
        long longest = 0;
        try {
            for (int round = 0; round < ROUNDS; round++) {
                CountDownLatch start = new CountDownLatch(1);
                List<Future<FolderLease>> tries = new ArrayList<>();
                for (int i = 0; i < CLIENTS; i++) {
                    HadoopStorage folder = folder("many");
                    folder.exists(""); // connected
                    Callable<FolderLease> one = () -> {
                        start.await();
                        try {
                            return FolderLease.take(folder, "--output", here(), RARE);
                        } catch (UserError e) {
                            assertTrue(e.getMessage().contains(" works there. "), e.getMessage());
                            return null;
                        }
                    };
                    tries.add(threads.submit(one));
                }
                long begin = System.nanoTime();
                start.countDown();
                List<FolderLease> owners = new ArrayList<>();
                for (Future<FolderLease> each : tries) {
                    FolderLease lease = each.get();
                    if (lease != null) {
                        owners.add(lease);
                    }
                }
                longest = Math.max(longest, System.nanoTime() - begin);
                assertEquals(1, owners.size(), "round " + round);
                owners.get(0).requireHeld();
                owners.get(0).close();
                assertFalse(folder("many").exists(""), "nothing was written");
            }
        } finally {
            threads.shutdownNow();
        }
        System.out.println(
                "The longest of " + ROUNDS + " rounds took " + TimeUnit.NANOSECONDS.toMillis(longest) + " ms");
        assertTrue(longest < TimeUnit.SECONDS.toNanos(20), "a client has waited");
    }

    @Test
    void aDeadOwnerIsTakenOverAndALivingOneIsNot() throws Exception {
        FolderLease dead = take("dead", elsewhere(), RARE);
        long begin = System.nanoTime();
        FolderLease owner = take("dead", here(), FAST);
        assertTrue(System.nanoTime() - begin >= FAST.expiry().toNanos());
        UserError lost = assertThrows(UserError.class, dead::requireHeld);
        assertTrue(lost.getMessage().contains(" has taken it over. Nothing more is written."), lost.getMessage());
        dead.close();
        owner.requireHeld();
        owner.close();

        try (FolderLease living = take("living", elsewhere(), FAST)) {
            UserError refused = assertThrows(
                    UserError.class, () -> take("living", here(), new Timing(FAST.beat(), Duration.ofSeconds(60))));
            assertTrue(
                    refused.getMessage().contains("the training job that started on node-7 (process 12) at"),
                    refused.getMessage());
            living.requireHeld();
        }
    }

    /** It has died between the creation of the file and the first of its bytes. */
    @Test
    void aClaimThatWasNeverFinishedIsTakenOver() throws Exception {
        HadoopStorage folder = folder("unfinished");
        org.apache.hadoop.fs.Path claim =
                new org.apache.hadoop.fs.Path(folder.uri(FolderLease.FOLDER + "/00000001.json"));
        FileSystem files = claim.getFileSystem(HdfsCluster.client());
        try (FSDataOutputStream open = files.create(claim, false)) {
            FolderLease taken = take("unfinished", here(), FAST);
            taken.requireHeld();
            assertEquals("00000002.json", taken.claim().name());
            taken.close();
            open.hflush();
        } catch (IOException e) {
            assertTrue(String.valueOf(e.getMessage()).contains("does not exist"), e.toString()); // it was removed
        }
    }

    private static String[] bucketing() {
        return new String[] {
            "--config",
            ROOT + "/conf/quickstart/bucketing.yaml",
            "--input",
            ROOT + "/conf/quickstart/clips",
            "--output",
            hdfs.uri("data")
        };
    }

    @Test
    void aSecondBucketingJobIsRefused() throws Exception {
        HadoopStorage output = folder("data");
        List<Launcher.Ended> second = new ArrayList<>();
        Launcher.Ended first = LAUNCHER.onCluster(
                "bucketing",
                "local[1]",
                (process, log) -> {
                    while (process.isAlive() && output.list(FolderLease.FOLDER).isEmpty()) {
                        Thread.sleep(20);
                    }
                    second.add(LAUNCHER.onCluster("bucketing", "local[1]", QUIETLY, bucketing()));
                    assertTrue(process.isAlive(), "it had ended before");
                },
                bucketing());
        Launcher.assertMistake("the bucketing job that started on ", second.get(0));
        Launcher.assertDone(first);
        assertEquals(List.of(), output.list(FolderLease.FOLDER));
        BucketingManifest manifest = BucketingManifest.read(output);
        assertEquals(11, manifest.contents().clips());
        for (String table : List.of(BucketingManifest.CLIPS, BucketingManifest.SHARDS)) {
            assertEquals(
                    11,
                    LocalSpark.session()
                            .read()
                            .parquet(output.uri(manifest.folder(table)))
                            .count());
        }
        Launcher.Ended third = LAUNCHER.onCluster("bucketing", "local[1]", QUIETLY, bucketing());
        Launcher.assertMistake("it holds an earlier run", third);
    }
}
