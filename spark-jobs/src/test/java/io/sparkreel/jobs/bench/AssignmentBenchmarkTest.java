// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.jobs.LocalSpark;
import io.sparkreel.jobs.config.bucketing.BucketingConfig;
import io.sparkreel.jobs.config.reader.ConfigLoader;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.model.bench.Report;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the benchmark measures is what it says. */
class AssignmentBenchmarkTest {
    private static final int CLIPS = 3000;

    @TempDir
    Path folder;

    @Test
    void theWholeStageIsMeasured() throws Exception {
        Path file = Path.of(System.getProperty("project.root"), "conf/bucketing/stage1.yaml");
        BucketingConfig config =
                ConfigLoader.load(BucketingConfig.class, file, List.of()).config();
        Report report = AssignmentBenchmark.measure(
                LocalSpark.session(), config, CLIPS, new HadoopStorage(new Configuration(), folder.toString()));
        JsonNode line = new ObjectMapper().readTree(report.toString());
        Dataset<Row> clips =
                LocalSpark.session().read().parquet(folder.resolve("clips").toString());
        assertEquals(
                CLIPS, clips.where("length(uri) = 60 and length(caption) = 80").count());
        assertEquals(CLIPS, clips.select("clip_id").distinct().count());
        Dataset<Row> shards =
                LocalSpark.session().read().parquet(folder.resolve("shards").toString());
        assertEquals(line.get("rows_in_buckets").asLong(), shards.count());
        assertTrue(shards.select("resolution").distinct().count() >= 4, "too few kinds of clips");
        for (String name : List.of(
                "assignment_rows_per_s_per_core",
                "count_s",
                "write_s",
                "manifest_s",
                "stage_s",
                "stage_cpu_s",
                "peak_heap_mib",
                "peak_rss_mib")) {
            assertTrue(line.get(name).asDouble() > 0, name);
        }
    }
}
