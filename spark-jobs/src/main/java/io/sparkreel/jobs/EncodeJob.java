// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import io.sparkreel.jobs.config.reader.LoadedConfig;
import io.sparkreel.jobs.config.train.TrainingConfig;
import io.sparkreel.jobs.encode.EncodeRun;
import io.sparkreel.jobs.spark.SparkSessions;
import io.sparkreel.jobs.spark.TaskDevice;
import io.sparkreel.jobs.storage.FolderLease;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.apache.spark.sql.SparkSession;

/** Encodes clips and captions once, so that training need not: the latents and text features of a data set. */
public final class EncodeJob {
    private EncodeJob() {}

    /** Entry point for {@code spark-submit}. */
    public static void main(String[] arguments) {
        System.exit(JobMain.run(JobCommand.ENCODE, arguments, EncodeJob::start));
    }

    private static void start(LoadedConfig<TrainingConfig> loaded) throws Exception {
        Configuration hadoop = SparkHadoopUtil.get().newConfiguration(new SparkConf());
        String folder = loaded.config().dataset().features();
        try (FolderLease lease = FolderLease.take(hadoop, folder, "--features", "encode")) {
            EncodeRun run = EncodeRun.prepare(loaded, hadoop);
            TaskDevice.announce(loaded.config().device());
            try (SparkSession spark = SparkSessions.startWithOneTaskPerExecutor("sparkreel encoding")) {
                run.execute(spark, SparkSessions.threadsPerExecutor(spark), lease);
            }
        }
    }
}
