// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.bucketing.media.MediaException;
import io.sparkreel.bucketing.plan.StepSharing;
import io.sparkreel.jobs.plan.PlannedClip;
import io.sparkreel.model.ForeignText;
import io.sparkreel.model.collective.Collective;
import io.sparkreel.model.train.MicroBatch;
import io.sparkreel.model.train.Sample;
import io.sparkreel.model.train.Validation.ClipLoss;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/**
 * The loss on clips that are not trained on. The ranks share the micro-batches, whose clips are fixed, and the losses
 * are summed clip by clip in one order: the result is the same whatever the number of ranks.
 */
final class Evaluation {
    private static final Logger LOG = LogManager.getLogger(Evaluation.class);
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Reads and encodes a clip. */
    interface Loader {
        Sample load(PlannedClip clip) throws MediaException, IOException;
    }

    private final List<List<PlannedClip>> microBatches;
    private final Loader loader;
    private final BiFunction<PlannedClip, List<Sample>, MicroBatch> batching;
    private final Function<MicroBatch, List<ClipLoss>> validation;
    private final Collective collective;

    /**
     * @param microBatches those of all ranks
     * @param batching makes a micro-batch of clips of one bucket
     * @param validation as {@link io.sparkreel.model.train.Validation#losses}
     */
    Evaluation(
            List<List<PlannedClip>> microBatches,
            Loader loader,
            BiFunction<PlannedClip, List<Sample>, MicroBatch> batching,
            Function<MicroBatch, List<ClipLoss>> validation,
            Collective collective) {
        this.microBatches = microBatches;
        this.loader = loader;
        this.batching = batching;
        this.validation = validation;
        this.collective = collective;
    }

    /** Evaluates the current weights; every rank calls this. */
    ObjectNode run() {
        long begin = System.nanoTime();
        double[] costs = microBatches.stream()
                .mapToDouble(batch -> batch.get(0).place().cost())
                .toArray();
        int[] assigned = StepSharing.assign(costs, collective.worldSize());
        List<ClipLoss> mine = new ArrayList<>();
        for (int i = 0; i < assigned.length; i++) {
            if (assigned[i] == collective.rank()) {
                evaluate(microBatches.get(i), mine);
            }
        }
        List<ClipLoss> all = gather(mine);
        all.sort(Comparator.comparing(ClipLoss::bucket).thenComparing(ClipLoss::clipId));
        ObjectNode line = JsonNodeFactory.instance.objectNode();
        Map<String, List<ClipLoss>> buckets = new TreeMap<>();
        all.forEach(clip ->
                buckets.computeIfAbsent(clip.bucket(), any -> new ArrayList<>()).add(clip));
        means(all, line);
        line.put("seconds", (System.nanoTime() - begin) / 1e9);
        ObjectNode byBucket = line.putObject("buckets");
        buckets.forEach((bucket, clips) -> means(clips, byBucket.putObject(bucket)));
        return line;
    }

    private void evaluate(List<PlannedClip> planned, List<ClipLoss> losses) {
        List<Sample> samples = new ArrayList<>();
        for (PlannedClip clip : planned) {
            try {
                samples.add(loader.load(clip));
            } catch (MediaException | IOException e) {
                LOG.warn(
                        "Cannot evaluate the model on {}: {}. It is left out.",
                        ForeignText.shown(clip.clip().uri()),
                        ForeignText.line(e.getMessage()));
            }
            collective.reportProgress();
        }
        if (!samples.isEmpty()) {
            losses.addAll(validation.apply(batching.apply(planned.get(0), samples)));
            collective.reportProgress();
        }
    }

    private List<ClipLoss> gather(List<ClipLoss> mine) {
        try {
            List<ClipLoss> all = new ArrayList<>();
            for (byte[] rank : collective.allGather(JSON.writeValueAsBytes(mine))) {
                all.addAll(JSON.readValue(rank, new TypeReference<List<ClipLoss>>() {}));
            }
            return all;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void means(List<ClipLoss> clips, ObjectNode target) {
        target.put("loss", clips.stream().mapToDouble(ClipLoss::loss).average().orElse(Double.NaN));
        if (!clips.isEmpty()) {
            for (String term : clips.get(0).terms().keySet()) {
                target.put(
                        term,
                        clips.stream()
                                .mapToDouble(clip -> clip.terms().get(term))
                                .average()
                                .orElseThrow());
            }
        }
        target.put("clips", clips.size());
    }
}
