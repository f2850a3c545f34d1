// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import io.sparkreel.jobs.config.inference.InferenceConfig;
import io.sparkreel.jobs.config.reader.LoadedConfig;
import io.sparkreel.jobs.inference.InferenceRun;
import io.sparkreel.jobs.spark.SparkSessions;
import io.sparkreel.jobs.spark.TaskDevice;
import io.sparkreel.jobs.storage.FolderLease;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.apache.spark.sql.SparkSession;

/** Generates clips for a table of prompts, with one model in each executor. */
public final class InferenceJob {
    private InferenceJob() {}

    /** Entry point for {@code spark-submit}. */
    public static void main(String[] arguments) {
        System.exit(JobMain.run(JobCommand.INFERENCE, arguments, InferenceJob::start));
    }

    /** Everything that can be refused is refused before Spark starts. */
    private static void start(LoadedConfig<InferenceConfig> loaded) throws Exception {
        Configuration hadoop = SparkHadoopUtil.get().newConfiguration(new SparkConf());
        String folder = loaded.config().output().saveDir();
        try (FolderLease lease = FolderLease.take(hadoop, folder, "--save-dir", "inference")) {
            InferenceRun run = InferenceRun.prepare(loaded.config(), hadoop);
            TaskDevice.announce(loaded.config().device());
            // While one task decodes and writes, another one samples.
            try (SparkSession spark = SparkSessions.startWithTasksPerExecutor("sparkreel inference", 2)) {
                run.execute(spark, SparkSessions.threadsPerExecutor(spark), lease);
            }
        }
    }
}
