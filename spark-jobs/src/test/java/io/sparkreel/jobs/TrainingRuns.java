// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Training jobs of a small model on executors, all on the same clips: eleven, in epochs of two steps.
 *
 * @param work folder for the runs, and the clips' shards
 */
public record TrainingRuns(Launcher launcher, Path work) {
    private static final Path ROOT = Path.of(System.getProperty("project.root"));
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Makes a folder of this name anew, and buckets the clips into it. */
    static TrainingRuns begin(String name) throws Exception {
        return begin(name, Map.of());
    }

    /** @param environment variables of the launchers, beside those of this process */
    public static TrainingRuns begin(String name, Map<String, String> environment) throws Exception {
        Path work = ROOT.resolve("target").resolve(name);
        TrainingRuns runs = new TrainingRuns(new Launcher(ROOT, work, environment), work);
        runs.launcher.begin();
        Launcher.assertDone(runs.launcher.onCluster(
                "bucketing",
                "local[2]",
                "--config",
                ROOT + "/conf/quickstart/bucketing.yaml",
                "--input",
                ROOT + "/conf/quickstart/clips",
                "--output",
                runs.data()));
        return runs;
    }

    private String data() {
        return work.resolve("data").toString();
    }

    /** A cluster of executors of one core each. */
    static String executors(int count) {
        return "local-cluster[" + count + ",1,1536]";
    }

    /** Trains until a step, on that many executors; {@code more} comes last and so counts. */
    public Launcher.Ended train(String master, Path run, int steps, Launcher.Incident incident, String... more)
            throws Exception {
        List<String> arguments = new ArrayList<>(List.of(
                "--config",
                ROOT + "/conf/quickstart/train.yaml",
                "--data-path",
                data(),
                "--outputs",
                run.toString(),
                "--set",
                "max_steps=" + steps,
                "--set",
                "log_every=1",
                "--set",
                "ckpt_every=3",
                "--set",
                "model.hidden_size=96",
                "--set",
                "model.depth=2"));
        arguments.addAll(List.of(more));
        return launcher.onCluster("train", master, incident, arguments.toArray(String[]::new));
    }

    /** Waits until the run has said that a step is done; returns its executors. */
    static List<ProcessHandle> executorsAtStep(int step, Process process, Path log) throws Exception {
        Pattern line = Pattern.compile("step " + step + "/");
        while (process.isAlive() && !line.matcher(Files.readString(log)).find()) {
            Thread.sleep(20);
        }
        return Launcher.executors(process);
    }

    /** What the log of a run says of one kind of event, in its order. */
    public static List<JsonNode> told(Path run, String event) throws IOException {
        List<JsonNode> told = new ArrayList<>();
        for (String line : Files.readAllLines(run.resolve("log.jsonl"))) {
            JsonNode node = JSON.readTree(line);
            if (node.path("event").asText().equals(event)) {
                told.add(node);
            }
        }
        return told;
    }

    public static List<Integer> stepsTold(Path run) throws IOException {
        return told(run, "step").stream().map(line -> line.get("step").asInt()).toList();
    }

    /** The losses by step. */
    static TreeMap<Integer, Double> losses(Path run) throws IOException {
        TreeMap<Integer, Double> losses = new TreeMap<>();
        told(run, "step")
                .forEach(line ->
                        losses.put(line.get("step").asInt(), line.get("loss").asDouble()));
        return losses;
    }

    public static List<Integer> upTo(int last) {
        return IntStream.rangeClosed(1, last).boxed().toList();
    }

    /** The folder of a checkpoint. */
    static Path checkpoint(Path run, int step) throws IOException {
        try (Stream<Path> folders = Files.list(run)) {
            return folders.filter(folder -> folder.toString().endsWith("global_step" + step))
                    .findFirst()
                    .orElseThrow();
        }
    }

    /** Checksums of the files of a checkpoint by name, but of what was told when it was written. */
    public static Map<String, String> checksums(Path run, int step) throws IOException {
        Map<String, String> checksums = new TreeMap<>();
        for (JsonNode file : JSON.readTree(
                        checkpoint(run, step).resolve("manifest.json").toFile())
                .get("files")) {
            checksums.put(file.get("path").asText(), file.get("sha256").asText());
        }
        checksums.remove("log.jsonl");
        return checksums;
    }
}
