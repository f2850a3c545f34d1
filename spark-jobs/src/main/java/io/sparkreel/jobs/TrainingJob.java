// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import io.sparkreel.jobs.config.reader.LoadedConfig;
import io.sparkreel.jobs.config.train.TrainingConfig;
import io.sparkreel.jobs.preflight.Preflight;
import io.sparkreel.jobs.spark.SparkSessions;
import io.sparkreel.jobs.spark.StopSignal;
import io.sparkreel.jobs.spark.TaskDevice;
import io.sparkreel.jobs.storage.FolderLease;
import io.sparkreel.jobs.train.TrainingRun;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.apache.spark.sql.SparkSession;

/** Trains STDiT2 on the shards of the bucketing job, in a barrier stage with one rank for each executor. */
public final class TrainingJob {
    private TrainingJob() {}

    /** Entry point for {@code spark-submit}. */
    public static void main(String[] arguments) {
        int code;
        try (StopSignal signal = new StopSignal()) {
            signal.listen();
            code = JobMain.run(JobCommand.TRAINING, arguments, configuration -> start(configuration, signal));
        }
        System.exit(code);
    }

    /** Everything that can be refused is refused before Spark starts. */
    private static void start(LoadedConfig<TrainingConfig> loaded, StopSignal signal) throws Exception {
        Configuration hadoop = SparkHadoopUtil.get().newConfiguration(new SparkConf());
        String folder = loaded.config().run().outputs();
        try (FolderLease lease = FolderLease.take(hadoop, folder, "--outputs", "training")) {
            TrainingRun run = TrainingRun.prepare(loaded, hadoop);
            Preflight.checkSettings(new SparkConf());
            TaskDevice.announce(loaded.config().device());
            try (SparkSession spark = SparkSessions.startWithOneTaskPerExecutor("sparkreel training")) {
                run.execute(spark, signal, lease);
            }
        }
    }
}
