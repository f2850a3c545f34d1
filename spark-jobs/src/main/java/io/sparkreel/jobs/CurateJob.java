// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import io.sparkreel.jobs.config.curate.CurateConfig;
import io.sparkreel.jobs.config.reader.LoadedConfig;
import io.sparkreel.jobs.curate.CurateRun;
import io.sparkreel.jobs.inventory.MediaInput;
import io.sparkreel.jobs.spark.SparkSessions;
import io.sparkreel.jobs.storage.FolderLease;
import java.io.IOException;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.apache.spark.sql.SparkSession;

/** Cuts raw footage into clips and judges them, without writing a video. */
public final class CurateJob {
    private CurateJob() {}

    /** Entry point for {@code spark-submit}. */
    public static void main(String[] arguments) {
        System.exit(JobMain.run(JobCommand.CURATE, arguments, CurateJob::start));
    }

    private static void start(LoadedConfig<CurateConfig> loaded) throws IOException {
        Configuration hadoop = SparkHadoopUtil.get().newConfiguration(new SparkConf());
        try (FolderLease lease = FolderLease.take(hadoop, loaded.config().output(), "--output", "curate")) {
            Optional<MediaInput> input = CurateRun.prepare(loaded.config(), hadoop);
            try (SparkSession spark = SparkSessions.start("sparkreel curate")) {
                CurateRun.execute(loaded.config(), input, spark, lease);
            }
        }
    }
}
