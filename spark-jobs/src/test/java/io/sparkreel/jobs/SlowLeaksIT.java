// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.jobs.inventory.MediaInventory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Jobs over many files and prompts, whose processes do not grow with them. The heaps are small and touched when their
 * process starts: what grows is memory beside them, and what is kept on them for each file ends the job.
 *
 * <p>{@code -Dleaks.files=N,N} and {@code -Dleaks.prompts=N} set how many.
 */
@Tag("slow")
@Timeout(value = 60, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SlowLeaksIT {
    private static final Path ROOT = Path.of(System.getProperty("project.root"));
    private static final List<Integer> FILES = Arrays.stream(
                    System.getProperty("leaks.files", "50000,200000").split(","))
            .map(Integer::valueOf)
            .toList();
    private static final int PROMPTS = Integer.getInteger("leaks.prompts", 1000);
    private static final double GROWTH = 0.05;
    private static final int STEADY_FROM = 150_000;
    private static final int WARM_FROM = 50_000;
    private static final String HEAP = "1g";
    private static final String JVM = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xms" + HEAP + " -XX:+AlwaysPreTouch";
    private static final int LIMIT_S = 3000;

    private static TrainingRuns runs;

    @BeforeAll
    static void prepare() throws Exception {
        runs = TrainingRuns.begin("slow-leaks-it");
    }

    private static ResidentMemory run(String launcher, List<String> arguments) throws Exception {
        List<String> all = new ArrayList<>(List.of(
                "--master",
                "local-cluster[1,2,1536]",
                "--driver-memory",
                HEAP,
                "--executor-memory",
                HEAP,
                "--conf",
                "spark.ui.enabled=false",
                "--driver-java-options",
                JVM,
                "--conf",
                "spark.executor.extraJavaOptions=" + JVM));
        all.addAll(arguments);
        ResidentMemory memory = new ResidentMemory();
        Launcher.assertDone(runs.launcher().launch(launcher, all, memory, LIMIT_S));
        return memory;
    }

    /** Links to the media of the tests, broken ones among them, under names of their own. */
    private static Path media(int count) throws Exception {
        Path media = runs.work().resolve("media-" + count);
        List<Path> kinds;
        try (Stream<Path> files = Files.list(BucketedMedia.MEDIA)) {
            kinds = files.filter(
                            file -> MediaInventory.isMedia(file.getFileName().toString()))
                    .sorted()
                    .toList();
        }
        Path originals = Files.createDirectories(runs.work().resolve("originals-" + count));
        for (Path kind : kinds) { // of this file system
            Files.copy(kind, originals.resolve(kind.getFileName()));
        }
        for (int i = 0; i < count; i++) {
            Path folder = media.resolve("copies-" + i / 1000);
            if (i % 1000 == 0) {
                Files.createDirectories(folder);
            }
            Path kind = kinds.get(i % kinds.size());
            Files.createLink(folder.resolve(i + "-" + kind.getFileName()), originals.resolve(kind.getFileName()));
        }
        return media;
    }

    @Test
    void bucketingManyFiles() throws Exception {
        Path rule = Files.writeString(runs.work().resolve("rule.yaml"), """
                bucket_config: {144p: {1: [0.5, 4], 8: [0.3, 2], 16: [0.5, 2]}}
                resolution_slack: 0.1
                max_bad_clips: 1.0
                """);
        Map<String, Long> few = null;
        for (int count : FILES) {
            String what = "bucketing " + count + " files";
            Path output = runs.work().resolve("bucketed-" + count);
            ResidentMemory memory = run(
                    "bucketing",
                    List.of(
                            "--config",
                            rule.toString(),
                            "--input",
                            media(count).toString(),
                            "--output",
                            output.toString()));
            assertEquals(
                    count,
                    BucketedMedia.table(output, "clips").count()
                            + BucketedMedia.table(output, "quarantine").count());
            Map<String, Long> last = memory.lastQuarter(what);
            // An executor has all the memory that it will need after some 40,000 files, so that a short run grows.
            if (count >= STEADY_FROM) {
                memory.assertSteady(what, GROWTH);
            }
            if (few == null && count >= WARM_FROM) {
                few = last;
            }
            for (Map.Entry<String, Long> process : (few == null ? Map.<String, Long>of() : last).entrySet()) {
                assertTrue(
                        process.getValue() <= (1 + GROWTH) * few.get(process.getKey()),
                        what + " after fewer: " + last + " KiB after " + few);
            }
        }
    }

    @Test
    void generatingForManyPrompts() throws Exception {
        Path model = runs.work().resolve("model");
        Launcher.assertDone(runs.train("local[1]", model, 1, Launcher.Incident.NONE));
        Path prompts = Files.writeString(
                runs.work().resolve("prompts.jsonl"),
                IntStream.range(0, PROMPTS)
                        .mapToObj(i -> "{\"prompt\": \"Dog number " + i + ".\", \"num_frames\": " + (i % 2 == 0 ? 1 : 4)
                                + ", \"image_size\": [32, 32]}\n")
                        .collect(Collectors.joining()));
        Path videos = runs.work().resolve("videos");
        ResidentMemory memory = run(
                "inference",
                List.of(
                        "--config",
                        ROOT + "/conf/quickstart/inference.yaml",
                        "--ckpt-path",
                        model.toString(),
                        "--prompt-path",
                        prompts.toString(),
                        "--save-dir",
                        videos.toString(),
                        "--num-sampling-steps",
                        "2"));
        assertEquals(
                PROMPTS,
                LocalSpark.session()
                        .read()
                        .parquet(videos + "/results")
                        .where("status = 'ok'")
                        .count());
        String what = "generating for " + PROMPTS + " prompts";
        memory.lastQuarter(what);
        memory.assertSteady(what, GROWTH);
    }
}
