// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.model.command.Program;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Measures how training speeds up with ranks: each rank takes the same number of micro-batches of a step, so several
 * do several times the work in, at best, the same time. One rank and several take turns, each in processes of their
 * own that do all a training rank does but decode. Prints one line of JSON.
 */
public final class ScalingBenchmark {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final ScalingOptions arguments;

    private ScalingBenchmark(ScalingOptions arguments) {
        this.arguments = arguments;
    }

    /** @param words see {@code submit/bench --help} */
    public static void main(String[] words) throws Exception {
        Program.run(() -> System.out.println(measure(words)));
    }

    /** The keys are those of the line that is printed. */
    static Report measure(String... words) throws Exception {
        return new ScalingBenchmark(ScalingOptions.parse(words)).compare(words);
    }

    /** Steps of a group of ranks: for each rank, what {@link ScalingRank} says of each step. */
    private record Steps(List<JsonNode> ranks) {
        int count() {
            return ranks.get(0).size();
        }

        /** Seconds of a step: the ranks end it together, up to a moment. */
        double seconds(int step) {
            return ranks.stream()
                    .mapToDouble(rank -> rank.get(step).get("seconds").asDouble())
                    .max()
                    .orElseThrow();
        }

        /** Where ranks wait for each other, the one that comes last waits for nothing but the data. */
        double exposed(int step) {
            return ranks.stream()
                    .mapToDouble(rank -> rank.get(step).get("communication").asDouble())
                    .min()
                    .orElseThrow();
        }
    }

    private Report compare(String... words) throws Exception {
        int ranks = arguments.ranks();
        double[] alone;
        double[] together;
        double[] exposed;
        double[] allReduce;
        List<Double> ratios = new ArrayList<>();
        try (RankProcesses one = new RankProcesses(1, ScalingRank.class, List.of(words));
                RankProcesses several = new RankProcesses(ranks, ScalingRank.class, List.of(words))) {
            List<Double> secondsOfOne = new ArrayList<>();
            List<Double> secondsOfSeveral = new ArrayList<>();
            List<Double> waits = new ArrayList<>();
            ready(one, 1);
            ready(several, ranks);
            for (int round = 0; round < arguments.rounds(); round++) {
                Steps first = run(one, 1, ScalingRank.STEPS);
                Steps second = run(several, ranks, ScalingRank.STEPS);
                double mean = 0;
                for (int step = 0; step < first.count(); step++) {
                    secondsOfOne.add(first.seconds(step));
                    secondsOfSeveral.add(second.seconds(step));
                    waits.add(second.exposed(step));
                    mean += first.seconds(step) / second.seconds(step) / first.count();
                }
                ratios.add(ranks * mean);
            }
            allReduce = run(several, ranks, ScalingRank.REDUCTIONS).ranks().get(0).findValuesAsText("seconds").stream()
                    .mapToDouble(Double::parseDouble)
                    .sorted()
                    .toArray();
            alone = sorted(secondsOfOne);
            together = sorted(secondsOfSeveral);
            exposed = sorted(waits);
        }
        int samples = arguments.microBatches() * arguments.shape().clips();
        Report report = new Report("scaling").settings(arguments);
        report.put("speedup", ranks * median(alone) / median(together));
        report.put("speedup_of_rounds", ratios);
        report.put("samples_per_s_1", samples / median(alone));
        report.put("samples_per_s_n", ranks * samples / median(together));
        report.put("step_median_s_1", median(alone));
        report.put("step_median_s_n", median(together));
        report.put("step_min_s_1", alone[0]);
        report.put("step_min_s_n", together[0]);
        report.put("exposed_median_s", median(exposed));
        report.put("allreduce_alone_median_s", median(allReduce));
        report.put("exposed_share", median(exposed) / median(allReduce));
        return report;
    }

    private static double[] sorted(List<Double> values) {
        double[] sorted = values.stream().mapToDouble(value -> value).toArray();
        Arrays.sort(sorted);
        return sorted;
    }

    private static double median(double[] sorted) {
        return sorted[sorted.length / 2];
    }

    private static void ready(RankProcesses processes, int ranks) throws IOException {
        for (int rank = 0; rank < ranks; rank++) {
            processes.line(rank);
        }
    }

    private static Steps run(RankProcesses processes, int ranks, String command) throws IOException {
        for (int rank = 0; rank < ranks; rank++) {
            PrintStream input =
                    new PrintStream(processes.process(rank).getOutputStream(), true, StandardCharsets.UTF_8);
            input.println(command);
        }
        List<JsonNode> told = new ArrayList<>();
        for (int rank = 0; rank < ranks; rank++) {
            told.add(JSON.readTree(processes.line(rank)));
        }
        return new Steps(told);
    }

    /** A step in the words of a rank. */
    static void tell(ArrayNode steps, double seconds, double communication) {
        ObjectNode step = steps.addObject();
        step.put("seconds", seconds).put("communication", communication);
    }
}
