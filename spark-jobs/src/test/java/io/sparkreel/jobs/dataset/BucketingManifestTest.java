// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.dataset;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.jobs.config.bucketing.BucketingConfig;
import io.sparkreel.jobs.config.reader.ConfigLoader;
import io.sparkreel.jobs.dataset.BucketingManifest.BucketRows;
import io.sparkreel.jobs.dataset.BucketingManifest.Contents;
import io.sparkreel.jobs.dataset.BucketingManifest.Origin;
import io.sparkreel.jobs.dataset.BucketingManifest.Pictures;
import io.sparkreel.jobs.dataset.BucketingManifest.Rule;
import io.sparkreel.jobs.dataset.BucketingManifest.ShardFile;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.storage.HadoopStorage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BucketingManifestTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path folder;

    private HadoopStorage output;
    private BucketingManifest manifest;

    @BeforeEach
    void publish() throws IOException {
        BucketingConfig config = ConfigLoader.parse(
                        BucketingConfig.class,
                        "test.yaml",
                        "{bucket_config: {144p: {1: [1.0, 4], 16: [0.0, null]}}, frame_interval: 3, epochs: 2, seed: 7}",
                        List.of())
                .config();
        manifest = new BucketingManifest(
                new Origin("r", "2026-01-01T00:00:00Z", "in", "exact", new Pictures("apply", "reference", "#010203")),
                Rule.of(config, 2),
                new Contents(
                        "f",
                        5,
                        1,
                        List.of(new BucketRows("144p", 16, "0.56", 144, 256, 9)),
                        List.of(new ShardFile("epoch=0/part-0.parquet", 0, "144p", 16, 100, 9, List.of(4L, 5L)))));
        output = new HadoopStorage(new Configuration(), folder.toString());
        manifest.publish(output);
    }

    private ObjectNode stored() throws IOException {
        return (ObjectNode) JSON.readTree(folder.resolve(BucketingManifest.NAME).toFile());
    }

    @Test
    void isOneFlatObjectAndReadsBackEqual() throws IOException {
        assertEquals(manifest, BucketingManifest.read(output));
        ObjectNode flat = stored();
        assertEquals("r", flat.get("run").asText());
        assertEquals(7, flat.get("seed").asInt());
        assertEquals(9, flat.get("files").get(0).get("rows").asInt());
        assertTrue(flat.get("bucket_config").get("144p").get("16").get(1).isNull());
    }

    @Test
    void refusesWhatALaterVersionAdded() throws IOException {
        ObjectNode later = stored().put("shown_sideways", true);
        Files.delete(folder.resolve(BucketingManifest.NAME));
        output.atomicPut(BucketingManifest.NAME, later.toString().getBytes(StandardCharsets.UTF_8));
        UserError error = assertThrows(UserError.class, () -> BucketingManifest.read(output));
        assertTrue(error.getMessage().contains("shown_sideways"), error.getMessage());
    }
}
