// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.jobs.bucketing.BucketingRun;
import io.sparkreel.jobs.config.bucketing.BucketingConfig;
import io.sparkreel.jobs.config.inference.InferenceConfig;
import io.sparkreel.jobs.dataset.BucketingManifest;
import io.sparkreel.jobs.dataset.BucketingManifest.ShardFile;
import io.sparkreel.jobs.encode.EncodeRun;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.inference.Configs;
import io.sparkreel.jobs.inference.InferenceRun;
import io.sparkreel.jobs.inference.TinyCheckpoint;
import io.sparkreel.jobs.spark.StopSignal;
import io.sparkreel.jobs.storage.FolderLease;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.jobs.storage.Leases;
import io.sparkreel.jobs.storage.SteppedStore;
import io.sparkreel.jobs.train.TrainingData;
import io.sparkreel.jobs.train.TrainingRun;
import io.sparkreel.model.checkpoint.CheckpointReader;
import io.sparkreel.model.checkpoint.LocalStorage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.io.FileUtils;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The driver of each job ends at each step of its commits, without a word. A second one that starts there is refused
 * while the first lives, and afterwards takes the folder over and finds nothing lost.
 */
@Timeout(300)
class OwnerStopTest {
    @TempDir
    Path folder;

    private static Configuration hadoop;

    @BeforeAll
    static void serve() {
        hadoop = LocalSpark.session().sparkContext().hadoopConfiguration();
        SteppedStore.serveIn(hadoop);
    }

    @AfterEach
    void revive() {
        SteppedStore.begin("", Integer.MAX_VALUE, null);
    }

    /** Works in a folder, given by its address. */
    private interface Job {
        void run(String address, FolderLease lease) throws Exception;
    }

    /** Looks at what is in a folder of this disk. */
    private interface Check {
        void of(Path folder) throws Exception;
    }

    /**
     * Runs a job until each of its steps; a second owner is refused in that step.
     *
     * @param commits names of the files whose putting or removing is a step
     * @param before what the folder holds before
     * @param again whether each run takes all steps anew, so that the next one may take over what the last one left;
     *     else each begins with what was there before, and another one takes over and ends
     * @param stopped holds after each stop
     * @param finished holds at the end
     * @return the steps of a job that is not stopped
     */
    private List<String> stopAtEachStep(
            String commits, Path before, boolean again, Job job, Check stopped, Check finished) throws Exception {
        for (int step = 0; ; step++) {
            Path work = folder.resolve(again ? "work" : "step-" + step);
            if (!Files.exists(work)) {
                FileUtils.copyDirectory(
                        before.toFile(), work.toFile(), file -> !file.getName().endsWith(".crc"));
            }
            String address = SteppedStore.address(work);
            HadoopStorage storage = new HadoopStorage(hadoop, address);
            AtomicInteger refused = new AtomicInteger();
            SteppedStore.begin(commits, step, name -> {
                UserError refusal = assertThrows(UserError.class, () -> Leases.takeFromAfar(storage, "second"), name);
                String told = refusal.getMessage();
                assertTrue(
                        told.startsWith("Cannot write to " + address + ": the first job that started on node-7 "),
                        told);
                refused.incrementAndGet();
            });
            run(job, address, "first");
            List<String> steps = SteppedStore.steps();
            boolean ended = SteppedStore.hasEnded();
            SteppedStore.begin("", Integer.MAX_VALUE, null);
            if (!ended) {
                finished.of(work);
                return steps;
            }
            assertEquals(1, refused.get(), steps.toString());
            stopped.of(work);
            if (!again) {
                run(job, address, "second");
                finished.of(work);
                assertFalse(Files.exists(work.resolve(".sparkreel-lease")), steps.toString());
            }
        }
    }

    private static void run(Job job, String address, String name) throws Exception {
        try (FolderLease lease = Leases.takeFromAfar(new HadoopStorage(hadoop, address), name)) {
            job.run(address, lease);
        } catch (Exception e) {
            if (!SteppedStore.hasEnded()) {
                throw e;
            }
        }
    }

    private static BucketingConfig bucketing(Path media, Object output) {
        return BucketedMedia.config(
                media,
                output,
                "bucket_config: {tiny: {1: [1.0, 4], 4: [1.0, 2]}}",
                "resolutions: {tiny: {pixels: 1024, ratios: {\"1.00\": [32, 32], \"0.60\": [24, 40]}}}",
                "overwrite: true");
    }

    private static BucketingManifest requireWhole(Path output) throws IOException {
        BucketingManifest manifest = BucketedMedia.manifest(output);
        requireTables(output, manifest);
        return manifest;
    }

    private static void requireTables(Path output, BucketingManifest manifest) throws IOException {
        for (ShardFile file : manifest.contents().files()) {
            Path shard =
                    output.resolve(manifest.folder(BucketingManifest.SHARDS)).resolve(file.path());
            assertEquals(file.bytes(), Files.size(shard), shard.toString());
        }
        for (String table : List.of(BucketingManifest.CLIPS, BucketingManifest.QUARANTINE)) {
            try (Stream<Path> files = Files.list(output.resolve(manifest.folder(table)))) {
                assertTrue(files.anyMatch(file -> file.toString().endsWith(".parquet")), table);
            }
        }
    }

    private static Set<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).collect(Collectors.toSet());
        }
    }

    @Test
    void bucketing() throws Exception {
        Path media = folder.resolve("media");
        TrainingData.pictures(media, 2);
        Path before = folder.resolve("before");
        BucketingManifest first = BucketedMedia.run(bucketing(media, before));
        List<String> steps = stopAtEachStep(
                "runs.json|report.html|manifest.json|run=.*|probing",
                before,
                true,
                (address, lease) -> {
                    BucketingConfig config = bucketing(media, address);
                    BucketingRun.execute(config, BucketingRun.prepare(config, hadoop), LocalSpark.session(), lease);
                },
                output -> {
                    requireWhole(output);
                    requireTables(output, first); // for those that read it
                },
                output -> {
                    BucketingManifest last = requireWhole(output);
                    requireTables(output, first);
                    assertEquals(first.contents().fingerprint(), last.contents().fingerprint());
                    assertTrue(names(output.resolve("shards"))
                            .contains("run=" + last.origin().run()));
                    assertFalse(names(output).contains("probing"));
                });
        assertEquals(
                List.of("put runs.json", "put report.html", "put runs.json", "put manifest.json", "put runs.json"),
                steps.subList(0, 5),
                steps.toString());
    }

    /** Two pictures in a bucketing folder. */
    private Path data() throws IOException {
        Path media = folder.resolve("media");
        TrainingData.pictures(media, 2);
        Path data = folder.resolve("data");
        BucketedMedia.run(bucketing(media, data));
        return data;
    }

    @Test
    void encode() throws Exception {
        Path data = data();
        List<String> steps = stopAtEachStep(
                ".*",
                Files.createDirectories(folder.resolve("before")),
                false,
                (address, lease) -> {
                    var config = TrainingData.config(
                            data,
                            folder.resolve("run"),
                            "dataset: {data_path: '" + data + "', transform_name: resize_crop, features: '" + address
                                    + "'}");
                    EncodeRun.prepare(config, hadoop).execute(LocalSpark.session(), 1, lease);
                },
                features -> {},
                features -> {
                    List<Row> index = LocalSpark.session()
                            .read()
                            .parquet(features.resolve("index").toString())
                            .collectAsList();
                    assertEquals(2, index.size());
                    Set<String> named = index.stream()
                            .map(row -> Path.of(row.<String>getAs("feature_file"))
                                    .getFileName()
                                    .toString())
                            .collect(Collectors.toSet());
                    assertEquals(named, names(features.resolve("shards")), "nothing unfinished is left");
                });
        assertTrue(steps.size() >= 3, steps.toString());
    }

    @Test
    void inference() throws Exception {
        Path checkpoint = TinyCheckpoint.write(folder.resolve("model"), 1);
        Path one = Files.writeString(folder.resolve("one.txt"), "a dog\n");
        Path two = Files.writeString(folder.resolve("two.txt"), "a dog\na cat\n");
        Path before = Files.createDirectories(folder.resolve("before"));
        generate(checkpoint, one, before.toString(), FolderLease.none());
        List<String> steps = stopAtEachStep(
                ".*",
                before,
                false,
                (address, lease) -> generate(checkpoint, two, address, lease),
                clips -> assertTrue(
                        names(clips).stream().anyMatch(name -> name.endsWith("sample_0.png")),
                        names(clips).toString()),
                clips -> {
                    List<Row> results = LocalSpark.session()
                            .read()
                            .parquet(clips.resolve("results").toString())
                            .collectAsList();
                    assertEquals(2, results.size());
                    Set<String> expected = results.stream()
                            .map(row -> Path.of(row.<String>getAs("uri"))
                                    .getFileName()
                                    .toString())
                            .collect(Collectors.toSet());
                    expected.addAll(Set.of("results", "contact-sheet.html"));
                    Set<String> names = names(clips);
                    names.removeIf(name -> name.endsWith(".crc"));
                    assertEquals(expected, names);
                });
        assertTrue(steps.size() >= 5, steps.toString());
    }

    private static void generate(Path checkpoint, Path prompts, String output, FolderLease lease) throws Exception {
        InferenceConfig config = Configs.of(
                "num_frames: 1",
                "image_size: [32, 48]",
                "frame_interval: 3",
                "model: {from_pretrained: '" + checkpoint + "'}",
                "prompt_path: '" + prompts + "'",
                "save_dir: '" + output + "'");
        InferenceRun.prepare(config, hadoop).execute(LocalSpark.session(), 1, lease);
    }

    private static Optional<String> newest(Path run) throws IOException {
        return CheckpointReader.newest(new LocalStorage(run), path -> true)
                .map(found -> found.checkpoint().folder());
    }

    @Test
    void training() throws Exception {
        Path data = data();
        List<String> steps = stopAtEachStep(
                "state.json|manifest.json", // CheckpointFaultTest stops at all others
                Files.createDirectories(folder.resolve("before")),
                false,
                (address, lease) -> {
                    boolean begun = newest(Path.of(address.substring(
                                    SteppedStore.address(Path.of("")).length())))
                            .isPresent();
                    var config = TrainingData.config(
                            data,
                            address,
                            "max_steps: 2",
                            "ckpt_every: 1",
                            "load: " + (begun ? "'" + address + "'" : "null"));
                    TrainingRun.prepare(config, hadoop).execute(LocalSpark.session(), new StopSignal(), lease);
                },
                run -> CheckpointReader.newest(new LocalStorage(run), path -> true)
                        .ifPresent(
                                found -> assertTrue(found.checkpoint().folder().startsWith("epoch"))),
                run -> assertEquals(
                        "epoch1-global_step2",
                        CheckpointReader.newest(new LocalStorage(run), path -> true)
                                .orElseThrow()
                                .checkpoint()
                                .folder()));
        assertEquals(4, steps.size(), steps.toString());
    }
}
