// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.metrics;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.model.collective.Collective;
import io.sparkreel.model.metrics.StepMetrics.Phase;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What one rank did between two lines of the log.
 *
 * @param seconds of each phase
 * @param tokens of its micro-batches
 * @param operations of their forward and backward passes
 * @param buckets sums by bucket
 */
public record RankLap(Map<Phase, Double> seconds, long tokens, double operations, Map<String, BucketTotals> buckets) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** The laps of all ranks, by rank; every rank calls this. */
    public List<RankLap> ofAllRanks(Collective collective) {
        if (collective.worldSize() == 1) {
            return List.of(this);
        }
        try {
            List<RankLap> laps = new ArrayList<>();
            for (byte[] lap : collective.allGather(JSON.writeValueAsBytes(this))) {
                laps.add(JSON.readValue(lap, RankLap.class));
            }
            return laps;
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a lap is no JSON", e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
