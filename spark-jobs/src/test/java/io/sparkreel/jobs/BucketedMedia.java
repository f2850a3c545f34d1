// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import io.sparkreel.jobs.bucketing.BucketingRun;
import io.sparkreel.jobs.config.bucketing.BucketingConfig;
import io.sparkreel.jobs.config.reader.ConfigLoader;
import io.sparkreel.jobs.dataset.BucketingManifest;
import io.sparkreel.jobs.storage.FolderLease;
import io.sparkreel.jobs.storage.HadoopStorage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Runs the bucketing job in the tests' session and reads what it leaves. */
public final class BucketedMedia {
    public static final Path ROOT = Path.of(System.getProperty("project.root"));
    public static final Path MEDIA = ROOT.resolve("bucketing/src/test/resources/media");

    private BucketedMedia() {}

    /** A configuration of these lines of YAML. */
    public static BucketingConfig config(Object input, Object output, String... lines) {
        String yaml = "input: '" + input + "'\noutput: '" + output + "'\n" + String.join("\n", lines) + "\n";
        return ConfigLoader.parse(BucketingConfig.class, "test.yaml", yaml, List.of())
                .config();
    }

    public static BucketingManifest run(BucketingConfig config) throws IOException {
        BucketingRun.execute(
                config, BucketingRun.prepare(config, new Configuration()), LocalSpark.session(), FolderLease.none());
        return manifest(Path.of(config.output()));
    }

    public static BucketingManifest manifest(Path output) throws IOException {
        return BucketingManifest.read(new HadoopStorage(new Configuration(), output.toString()));
    }

    public static Dataset<Row> table(Path output, String name) throws IOException {
        Path folder = output.resolve(manifest(output).folder(name));
        return LocalSpark.session().read().parquet(folder.toString());
    }

    /** Copies test media into a folder. */
    public static void copy(Path folder, String... names) throws IOException {
        Files.createDirectories(folder);
        for (String name : names) {
            Files.copy(MEDIA.resolve(name), folder.resolve(name));
        }
    }
}
