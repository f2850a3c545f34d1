// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.cluster;

import static io.sparkreel.jobs.cluster.JobPair.Outcome.DONE;
import static io.sparkreel.jobs.cluster.JobPair.Outcome.REFUSED;
import static io.sparkreel.jobs.cluster.JobPair.Outcome.TOO_LATE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.jobs.Launcher;
import io.sparkreel.jobs.cluster.JobPair.Job;
import io.sparkreel.jobs.cluster.JobPair.Outcome;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Pairs of jobs that are started into one folder, on a local disk and on an object store with faults: one works and
 * the other is told of it, or they work one after the other, and what is left is whole.
 *
 * <p>{@code -Dpairs.bucketing=N} and {@code -Dpairs.others=N} set how many pairs of a kind there are, {@code
 * -Dpairs.seed=N} repeats the offsets of a run.
 */
@Tag("slow")
@Timeout(value = 60, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FolderPairsIT {
    private static final Path ROOT = Path.of(System.getProperty("project.root"));
    private static final Path WORK = ROOT.resolve("target/folder-pairs-it");
    private static final String DATA = WORK.resolve("data").toString();
    private static final String MODEL = WORK.resolve("model").toString();
    private static final int BUCKETING = Integer.getInteger("pairs.bucketing", 20);
    private static final int OTHERS = Integer.getInteger("pairs.others", 5);
    private static final long SEED = Long.getLong("pairs.seed", System.nanoTime());
    private static final int CLIPS = 11;
    private static final int BROKEN = 2;
    private static final int STEPS = 4;
    private static final int KILLED = 128 + 9;
    private static final Launcher LOCAL = new Launcher(ROOT, WORK);

    private static ObjectStore store;
    private static Launcher onStore;
    private static String jars;
    private static int folders;
    /** How long a bucketing job takes here, for the offsets. */
    private static long lengthMillis;

    /** Where folders lie. */
    private enum Place {
        LOCAL_DISK,
        S3;

        Path file(String name) {
            return this == S3 ? store.file(name) : WORK.resolve(name);
        }

        String uri(String name) {
            return this == S3 ? ObjectStore.uri(name) : file(name).toString();
        }

        Launcher.Ended start(Job job, Launcher.Incident incident) throws Exception {
            List<String> all = new ArrayList<>();
            if (this == S3) {
                all.addAll(store.options());
                all.addAll(List.of("--jars", jars));
            }
            all.addAll(job.arguments());
            return (this == S3 ? onStore : LOCAL)
                    .onCluster(job.launcher(), "local[1]", incident, all.toArray(String[]::new));
        }
    }

    @BeforeAll
    static void prepare() throws Exception {
        LOCAL.begin();
        System.out.println("Offsets of -Dpairs.seed=" + SEED);
        store = new ObjectStore(WORK, new FaultProxy.Faults(0.03, 0.03, 0.02), SEED);
        Map<String, String> environment = new HashMap<>(ObjectStore.environment());
        environment.put("SPARKREEL_CACHE", WORK.resolve("cache").toString());
        onStore = new Launcher(ROOT, WORK, environment);
        Launcher.Ended fetched = LOCAL.launch("fetch-s3a", List.of());
        Launcher.assertDone(fetched);
        jars = fetched.output().lines().reduce((first, last) -> last).orElseThrow();
        Launcher.assertDone(Place.LOCAL_DISK.start(bucketing(DATA, false), Launcher.Incident.NONE));
        long begin = System.nanoTime();
        Launcher.assertDone(Place.LOCAL_DISK.start(bucketing(DATA, true), Launcher.Incident.NONE));
        lengthMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
        Launcher.assertDone(Place.LOCAL_DISK.start(training(DATA, MODEL, STEPS), Launcher.Incident.NONE));
    }

    @AfterAll
    static void stopTheStore() throws Exception {
        if (store != null) {
            store.close();
        }
    }

    private static Job bucketing(String output, boolean overwrite) {
        List<String> arguments = new ArrayList<>(List.of(
                "--config",
                ROOT + "/conf/quickstart/bucketing.yaml",
                "--input",
                ROOT + "/conf/quickstart/clips",
                "--output",
                output));
        if (overwrite) {
            arguments.add("--overwrite");
        }
        return new Job("bucketing", "bucketing", arguments);
    }

    private static List<String> trainingOptions(String data) {
        return List.of(
                "--config",
                ROOT + "/conf/quickstart/train.yaml",
                "--data-path",
                data,
                "--set",
                "log_every=1",
                "--set",
                "model.hidden_size=96",
                "--set",
                "model.depth=2");
    }

    private static Job training(String data, String run, int steps) {
        List<String> arguments = new ArrayList<>(trainingOptions(data));
        arguments.addAll(List.of("--outputs", run, "--set", "max_steps=" + steps, "--set", "ckpt_every=2"));
        return new Job("train", "training", arguments);
    }

    private static Job encoding(String features) {
        List<String> arguments = new ArrayList<>(trainingOptions(DATA));
        arguments.addAll(List.of("--features", features));
        return new Job("encode", "encode", arguments);
    }

    private static Job inference(String clips) {
        return new Job(
                "inference",
                "inference",
                List.of(
                        "--config",
                        ROOT + "/conf/quickstart/inference.yaml",
                        "--ckpt-path",
                        MODEL,
                        "--prompt",
                        "A dog.",
                        "A train.",
                        "A table.",
                        "--save-dir",
                        clips,
                        "--num-frames",
                        "4",
                        "--image-size",
                        "64",
                        "64",
                        "--num-sampling-steps",
                        "2"));
    }

    /** Some start together, most while the other works, some when it has ended. */
    private static long offset(Random random) {
        return random.nextInt(4) == 0 ? random.nextInt(300) : random.nextLong(lengthMillis * 5 / 4);
    }

    private static JobPair pair(Place place, String name, Job first, Job second, long offset) throws Exception {
        JobPair pair = JobPair.run(place::start, place.file(name), first, second, offset);
        System.out.println(place + " " + name + ": " + first.job() + ", " + offset + " ms later " + second.job() + ": "
                + pair.ofFirst() + ", " + pair.ofSecond());
        return pair;
    }

    @ParameterizedTest
    @EnumSource(Place.class)
    void bucketing(Place place) throws Exception {
        Random random = new Random(SEED);
        String name = "bucketed" + folders++;
        String fingerprint = null;
        int refused = 0;
        for (int i = 0; i < BUCKETING; i++) {
            boolean empty = i % 2 == 0;
            if (empty) {
                name = "bucketed" + folders++;
            }
            boolean overwritesFirst = random.nextBoolean();
            JobPair pair = pair(
                    place,
                    name,
                    bucketing(place.uri(name), overwritesFirst),
                    bucketing(place.uri(name), !overwritesFirst),
                    offset(random));
            Outcome overwriting = overwritesFirst ? pair.ofFirst() : pair.ofSecond();
            Outcome other = overwritesFirst ? pair.ofSecond() : pair.ofFirst();
            if (empty) {
                assertTrue(overwriting == DONE || other == DONE, pair.outputs());
            } else { // the other has the folder for the moment that it takes to find the earlier run
                assertTrue(other == TOO_LATE || other == REFUSED, pair.outputs());
                assertTrue(overwriting == DONE || other == TOO_LATE, pair.outputs());
            }
            assertTrue(overwriting != TOO_LATE, pair.outputs());
            refused += overwriting == REFUSED || other == REFUSED ? 1 : 0;
            String now = WholeFolders.assertBucketed(place.file(name), CLIPS, BROKEN);
            assertEquals(fingerprint == null ? now : fingerprint, now);
            fingerprint = now;
            WholeFolders.assertNothingUnfinished(place.file(name));
        }
        System.out.println(place + ": " + refused + " of " + BUCKETING + " pairs met");
    }

    /** What the pair may come to beside one that is refused. */
    private static void assertOneOrBoth(JobPair pair, Outcome afterTheOther) throws Exception {
        assertTrue(
                Set.of(List.of(DONE, REFUSED), List.of(REFUSED, DONE), List.of(DONE, afterTheOther))
                                .contains(List.of(pair.ofFirst(), pair.ofSecond()))
                        || (pair.ofFirst() == afterTheOther && pair.ofSecond() == DONE), // it was slow to start
                pair.outputs());
    }

    @ParameterizedTest
    @EnumSource(Place.class)
    void encoding(Place place) throws Exception {
        Random random = new Random(SEED + 1);
        for (int i = 0; i < OTHERS; i++) {
            String name = "features" + folders++;
            Job job = encoding(place.uri(name));
            assertOneOrBoth(pair(place, name, job, job, offset(random)), DONE);
            WholeFolders.assertEncoded(place.file(name), CLIPS);
            WholeFolders.assertNothingUnfinished(place.file(name));
        }
    }

    @ParameterizedTest
    @EnumSource(Place.class)
    void inference(Place place) throws Exception {
        Random random = new Random(SEED + 2);
        for (int i = 0; i < OTHERS; i++) {
            String name = "clips" + folders++;
            Job job = inference(place.uri(name));
            assertOneOrBoth(pair(place, name, job, job, offset(random)), DONE);
            WholeFolders.assertGenerated(place.file(name), Set.of("sample_0.mp4", "sample_1.mp4", "sample_2.mp4"));
            WholeFolders.assertNothingUnfinished(place.file(name));
        }
    }

    @ParameterizedTest
    @EnumSource(Place.class)
    void training(Place place) throws Exception {
        Random random = new Random(SEED + 3);
        for (int i = 0; i < OTHERS; i++) {
            String name = "run" + folders++;
            Job job = training(DATA, place.uri(name), STEPS);
            assertOneOrBoth(pair(place, name, job, job, offset(random)), TOO_LATE);
            WholeFolders.assertTrained(place.file(name), STEPS);
            WholeFolders.assertNothingUnfinished(place.file(name));
        }
    }

    /** A reader needs no lease: the tables that it reads outlive their replacement. */
    @ParameterizedTest
    @EnumSource(Place.class)
    void bucketingBesideATrainingThatReadsTheFolder(Place place) throws Exception {
        Random random = new Random(SEED + 4);
        String data = "read" + folders++;
        Launcher.assertDone(place.start(bucketing(place.uri(data), false), Launcher.Incident.NONE));
        for (int i = 0; i < OTHERS; i++) {
            String run = "reader" + folders++;
            JobPair pair = pair(
                    place,
                    data,
                    training(place.uri(data), place.uri(run), 3 * STEPS),
                    bucketing(place.uri(data), true),
                    offset(random));
            assertEquals(List.of(DONE, DONE), List.of(pair.ofFirst(), pair.ofSecond()), pair.outputs());
            WholeFolders.assertTrained(place.file(run), 3 * STEPS);
            WholeFolders.assertBucketed(place.file(data), CLIPS, BROKEN);
            WholeFolders.assertNothingUnfinished(place.file(data));
        }
    }

    @ParameterizedTest
    @EnumSource(Place.class)
    void theFolderOfAKilledOwnerIsUsableAtOnceOnItsMachine(Place place) throws Exception {
        String name = "killed" + folders++;
        Path folder = place.file(name);
        Launcher.Ended killed = place.start(bucketing(place.uri(name), false), (process, log) -> {
            while (process.isAlive() && JobPair.claimsIn(folder).isEmpty()) {
                Thread.sleep(5);
            }
            process.destroyForcibly();
        });
        assertEquals(KILLED, killed.code(), killed.output());
        assertEquals(1, JobPair.claimsIn(folder).size());
        Launcher.Ended next = place.start(bucketing(place.uri(name), false), Launcher.Incident.NONE);
        Launcher.assertDone(next);
        assertTrue(next.output().contains("over from a job that has ended without a word"), next.output());
        assertFalse(next.output().contains("waiting up to"), next.output());
        WholeFolders.assertBucketed(folder, CLIPS, BROKEN);
        assertEquals(List.of(), JobPair.claimsIn(folder));
        assertFalse(place == Place.LOCAL_DISK && Files.exists(folder.resolve(JobPair.CLAIMS)), "nothing is left");
    }
}
