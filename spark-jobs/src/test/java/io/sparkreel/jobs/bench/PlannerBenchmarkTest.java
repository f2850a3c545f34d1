// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.bench;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.jobs.config.bucketing.BucketingConfig;
import io.sparkreel.jobs.config.reader.ConfigLoader;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The published configurations on simulated clips. */
class PlannerBenchmarkTest {
    private static final int CLIPS = 300_000;

    @ParameterizedTest
    @ValueSource(strings = {"stage1", "stage2", "stage3"})
    void fourMicroBatchesKeep96RanksBusy(String stage) throws Exception {
        Path file = Path.of(System.getProperty("project.root"), "conf/bucketing", stage + ".yaml");
        BucketingConfig config =
                ConfigLoader.load(BucketingConfig.class, file, List.of()).config();
        JsonNode line = new ObjectMapper()
                .readTree(PlannerBenchmark.efficiency(stage, config, CLIPS).toString());
        JsonNode at = line.get("ranks_96");
        assertTrue(at.get("planner_auto_sizes").asDouble() >= 0.97, line::toString);
        assertTrue(at.get("planner_similar_one_each").asDouble() >= 0.97, line::toString);
        assertTrue(
                at.get("open_sora").asDouble()
                        < at.get("planner_published_sizes").asDouble(),
                line::toString);
    }
}
