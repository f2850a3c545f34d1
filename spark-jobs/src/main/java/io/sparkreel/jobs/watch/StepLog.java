// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.watch;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.model.collective.Collective;
import io.sparkreel.model.metrics.BucketTotals;
import io.sparkreel.model.metrics.RankLap;
import io.sparkreel.model.metrics.StepMetrics;
import io.sparkreel.model.metrics.StepMetrics.Phase;
import io.sparkreel.model.train.StepReport;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;

/** What is logged of the steps between two lines of the log, over all ranks. */
public final class StepLog {
    private static final double TERA = 1e12;
    private static final Set<Phase> IN_A_STEP = EnumSet.complementOf(EnumSet.of(Phase.ASIDE));

    private final StepMetrics metrics;
    private final Collective collective;
    private final OptionalDouble peak;
    private long steps;
    private long samples;
    private long counted;
    private double loss;
    private final Map<String, Double> terms = new LinkedHashMap<>();

    /**
     * @param metrics of this rank
     * @param peak operations that the device of one rank can do in a second, if known
     */
    public StepLog(StepMetrics metrics, Collective collective, OptionalDouble peak) {
        this.metrics = metrics;
        this.collective = collective;
        this.peak = peak;
        metrics.lap(); // what came before the first step is no part of it
    }

    /** Counts a step. */
    public void stepped(StepReport report) {
        steps++;
        samples += report.samples();
        report.terms().keySet().forEach(term -> terms.putIfAbsent(term, 0.0));
        if (!report.skipped()) { // else the loss may be no number, and would hide those of the other steps
            counted += report.samples();
            loss += report.loss() * report.samples();
            report.terms().forEach((term, mean) -> terms.merge(term, mean * report.samples(), Double::sum));
        }
    }

    /**
     * Ends an interval and begins the next; every rank calls this. Terms of the loss are means over samples, times are
     * means over ranks and steps, rates are sums over ranks.
     */
    public ObjectNode line() {
        List<RankLap> laps = metrics.lap().ofAllRanks(collective);
        Map<Phase, Double> phases = new EnumMap<>(Phase.class);
        IN_A_STEP.forEach(phase -> phases.put(phase, mean(laps, phase)));
        // Not this rank's own interval: before the first step the ranks get ready one after the other.
        double seconds =
                phases.values().stream().mapToDouble(Double::doubleValue).sum();
        double operations = laps.stream().mapToDouble(RankLap::operations).sum() / seconds;
        ObjectNode line = JsonNodeFactory.instance.objectNode().put("loss", loss / counted);
        terms.forEach((term, sum) -> line.put(term, sum / counted));
        line.put("samples_per_s", samples / seconds)
                .put("tokens_per_s", laps.stream().mapToLong(RankLap::tokens).sum() / seconds)
                .put("tflops", operations / TERA);
        peak.ifPresent(most -> line.put("peak_share", operations / laps.size() / most));
        line.put("seconds_per_step", seconds / Math.max(1, steps)).put("data_wait", phases.get(Phase.DATA) / seconds);
        ObjectNode times = line.putObject("step_time");
        phases.forEach((phase, time) -> times.put(phase.name().toLowerCase(Locale.ROOT), time / Math.max(1, steps)));
        buckets(laps, line.putObject("buckets"));
        steps = 0;
        samples = 0;
        counted = 0;
        loss = 0;
        terms.clear();
        return line;
    }

    private static double mean(List<RankLap> laps, Phase phase) {
        return laps.stream().mapToDouble(lap -> lap.seconds().get(phase)).sum() / laps.size();
    }

    private static void buckets(List<RankLap> laps, ObjectNode target) {
        Map<String, BucketTotals> sums = new TreeMap<>();
        for (RankLap lap : laps) {
            lap.buckets().forEach((bucket, totals) -> sums.merge(bucket, totals, BucketTotals::plus));
        }
        sums.forEach((bucket, totals) -> target.putObject(bucket)
                .put("micro_batches", totals.microBatches())
                .put("samples", totals.samples())
                .put("seconds", totals.seconds())
                .put("loss", totals.loss() / totals.samples()));
    }
}
