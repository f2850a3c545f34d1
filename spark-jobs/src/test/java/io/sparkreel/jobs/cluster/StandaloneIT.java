// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.jobs.Launcher;
import io.sparkreel.jobs.LocalSpark;
import io.sparkreel.jobs.spark.TaskDevice;
import io.sparkreel.model.torch.Tensors;
import io.sparkreel.model.torch.Torch;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * The three jobs and the doctor on a standalone master with two workers that say they have GPUs. One worker's come from
 * a machine's nvidia-smi, the other's from CUDA_VISIBLE_DEVICES.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class StandaloneIT {
    private static final Path ROOT = Path.of(System.getProperty("project.root"));
    private static final Path WORK = ROOT.resolve("target/standalone-it");
    private static final Path DATA = WORK.resolve("data");
    private static final Launcher LAUNCHER = new Launcher(
            ROOT, WORK, Map.of("SPARKREEL_CACHE", WORK.resolve("cache").toString()));
    private static StandaloneCluster cluster;
    private static Path gpuProfile;

    @BeforeAll
    static void startCluster() throws Exception {
        LAUNCHER.begin();
        // Ours, but that libtorch is the one for CPUs.
        gpuProfile = Files.write(
                WORK.resolve("gpu.conf"),
                Files.readAllLines(ROOT.resolve("conf/spark/gpu.conf")).stream()
                        .filter(line -> !line.contains("PYTORCH_"))
                        .toList());
        Path tools = Files.createDirectories(WORK.resolve("tools"));
        Path nvidia = Files.writeString(tools.resolve("nvidia-smi"), "#!/bin/bash\nprintf '0\\n1\\n'\n");
        assertTrue(nvidia.toFile().setExecutable(true));
        cluster = new StandaloneCluster(WORK);
        cluster.addWorker(1, "1536m", 2, Map.of("PATH", tools + ":" + System.getenv("PATH")));
        cluster.addWorker(1, "1536m", 2, Map.of("CUDA_VISIBLE_DEVICES", "6,7"));
    }

    @AfterAll
    static void stopCluster() throws Exception {
        if (cluster != null) {
            cluster.close();
        }
    }

    private static Launcher.Ended onGpus(String launcher, String... arguments) throws Exception {
        List<String> all = new ArrayList<>(List.of(
                "--properties-file",
                gpuProfile.toString(),
                "--conf",
                "spark.executor.instances=2",
                "--conf",
                "spark.executor.cores=1"));
        all.addAll(List.of(arguments));
        return LAUNCHER.onCluster(launcher, cluster.master(), all.toArray(String[]::new));
    }

    private static String line(String output, String begin) {
        return output.lines()
                .filter(line -> line.matches("(ok|FAIL|skip) +\\Q" + begin + "\\E  .*"))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no line " + begin + " in\n" + output));
    }

    /** The device is chosen from the address, whatever then can compute on it; the ranks have one each. */
    @Test
    @Order(1)
    void theDoctorTellsWhichRankHasWhichGpuAndThatItDoesNotCompute() throws Exception {
        Assumptions.assumeTrue(Torch.problem(Tensors.onGpu(0)).isPresent(), "this machine has GPUs");
        String output =
                onGpus("doctor", "--wait", "60", "--min-free-gib", "0.1").output();
        String gpus = line(output, "gpus");
        assertTrue(gpus.startsWith("ok"), gpus);
        assertEquals(
                Set.of("0 -> cuda:0", "6 -> cuda:0"),
                java.util.Arrays.stream(gpus.split("GPU "))
                        .skip(1)
                        .map(text -> text.replaceFirst(",.*", ""))
                        .collect(Collectors.toSet()),
                gpus);
        String device = line(output, "device (ranks)");
        assertTrue(
                device.startsWith("FAIL")
                        && device.contains("which Spark gave to this task")
                        && device.contains("--device cpu"),
                device);
        assertTrue(line(output, "slots").startsWith("ok"), output);
    }

    @Test
    @Order(2)
    void bucketing() throws Exception {
        Launcher.assertDone(LAUNCHER.onCluster(
                "bucketing",
                cluster.master(),
                "--config",
                ROOT + "/conf/quickstart/bucketing.yaml",
                "--input",
                ROOT + "/conf/quickstart/clips",
                "--output",
                DATA.toString()));
        assertEquals(11, LocalSpark.session().read().parquet(DATA + "/shards").count());
    }

    private static Launcher.Ended train(String... more) throws Exception {
        List<String> arguments = new ArrayList<>(List.of(
                "--config",
                ROOT + "/conf/quickstart/train.yaml",
                "--data-path",
                DATA.toString(),
                "--outputs",
                WORK.resolve("run").toString(),
                "--set",
                "max_steps=2",
                "--set",
                "log_every=1",
                "--set",
                "model.hidden_size=96",
                "--set",
                "model.depth=2"));
        arguments.addAll(List.of(more));
        return onGpus("train", arguments.toArray(String[]::new));
    }

    @Test
    @Order(3)
    void aGpuThatDoesNotComputeEndsTheRunAndIsNotReplaced() throws Exception {
        Assumptions.assumeTrue(Torch.problem(Tensors.onGpu(0)).isPresent(), "this machine has GPUs");
        Launcher.Ended ended = train();
        assertEquals(2, ended.code(), ended.output());
        assertTrue(
                ended.output()
                        .lines()
                        .reduce((first, last) -> last)
                        .orElse("")
                        .matches("sparkreel: Cannot compute on GPU [06], which Spark gave to this task: .*"),
                ended.output());
    }

    @Test
    @Order(4)
    void trainingOnCpusIsTheUsersWord() throws Exception {
        Launcher.Ended ended = train("--device", "cpu");
        Launcher.assertDone(ended);
        assertTrue(
                ended.output().contains("2 ranks")
                        && ended.output().contains("step 2/2")
                        && ended.output().contains("Computing on CPUs, as --device cpu says"),
                ended.output());
    }

    @Test
    @Order(5)
    void inference() throws Exception {
        Launcher.assertDone(onGpus(
                "inference",
                "--config",
                ROOT + "/conf/quickstart/inference.yaml",
                "--ckpt-path",
                WORK.resolve("run").toString(),
                "--prompt",
                "A dog.",
                "A train.",
                "--device",
                "cpu",
                "--num-frames",
                "4",
                "--image-size",
                "64",
                "64",
                "--num-sampling-steps",
                "2",
                "--save-dir",
                WORK.resolve("videos").toString()));
        List<Row> results =
                LocalSpark.session().read().parquet(WORK + "/videos/results").collectAsList();
        assertEquals(
                List.of("ok", "ok"),
                results.stream().map(row -> row.<String>getAs("status")).toList());
    }

    /** What the two names of settings in the profile and in the code are. */
    @Test
    @Order(6)
    void theProfileAsksForWhatTheCodeLooksAt() throws Exception {
        assertTrue(Files.readString(ROOT.resolve("conf/spark/gpu.conf")).contains(TaskDevice.EXECUTOR_GPUS + "  "));
    }
}
