// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.sparkreel.jobs.weights.WeightsCache;
import io.sparkreel.jobs.weights.WeightsPart;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DriverFolderTest {
    @TempDir
    private Path folder;

    /** As an executor has it that was started elsewhere. */
    private Configuration told() {
        Configuration configuration = new Configuration();
        configuration.set(DriverFolder.KEY, folder.toString());
        return configuration;
    }

    @Test
    void whatIsWrittenUnderARelativePathLiesBesideTheDriver() throws IOException {
        HadoopStorage storage = new HadoopStorage(told(), "runs/first");
        storage.atomicPut("a.txt", "one".getBytes(StandardCharsets.UTF_8));
        assertEquals("one", Files.readString(folder.resolve("runs/first/a.txt")));
    }

    @Test
    void weightsAreFoundUnderTheDriversFolder() throws IOException {
        Path weights = Files.createDirectories(folder.resolve("weights/tiny"));
        Files.writeString(weights.resolve("config.json"), "{}");
        assertEquals(weights, new WeightsCache(told()).resolve("weights/tiny", true, EnumSet.of(WeightsPart.CONFIG)));
    }

    @Test
    void fullPathsAndOtherStoresStayAsTheyAre() throws IOException {
        Configuration told = told();
        assertEquals("file:/data/run", new HadoopStorage(told, "/data/run").uri(""));
        assertEquals("file:/data/run", new HadoopStorage(told, "file:/data/run").uri(""));
        told.unset(DriverFolder.KEY);
        assertEquals("file:" + Path.of("run").toAbsolutePath(), new HadoopStorage(told, "run").uri(""));
    }
}
