// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.reader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.jobs.config.bucketing.BucketingConfig;
import io.sparkreel.jobs.config.curate.CurateConfig;
import io.sparkreel.jobs.config.inference.InferenceConfig;
import io.sparkreel.jobs.config.train.TrainingConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** {@code docs/configuration.md} says what the records say. */
class ConfigurationPageTest {
    private static final Path ROOT = Path.of(System.getProperty("project.root"));

    @Test
    void thePageIsCurrent() throws IOException {
        String made = ConfigurationPage.of(ROOT);
        Path copy = Files.createDirectories(ROOT.resolve("spark-jobs/target")).resolve("configuration.md");
        Files.writeString(copy, made);
        assertEquals(
                made,
                Files.readString(ROOT.resolve("docs/configuration.md")),
                "Copy spark-jobs/target/configuration.md to docs/");
    }

    @Test
    void everyKeyHasARow() throws IOException {
        String page = ConfigurationPage.of(ROOT);
        for (Class<? extends Record> config :
                List.of(CurateConfig.class, BucketingConfig.class, TrainingConfig.class, InferenceConfig.class)) {
            for (String key : ConfigLoader.keys(config)) {
                String name = key.substring(key.lastIndexOf('.') + 1);
                boolean ofTests = name.startsWith("toy_") || name.equals("type");
                assertTrue(ofTests || page.contains("| `" + name + "` |"), key);
            }
        }
        for (String type : List.of("`STDiT2-XL/2`", "`wavelet`", "`VideoAutoencoderKL`", "`t5`", "`iddpm-speed`")) {
            assertTrue(page.contains(type), type);
        }
    }
}
