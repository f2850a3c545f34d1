// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import io.sparkreel.jobs.bucketing.BucketingRun;
import io.sparkreel.jobs.config.bucketing.BucketingConfig;
import io.sparkreel.jobs.config.reader.LoadedConfig;
import io.sparkreel.jobs.inventory.MediaInput;
import io.sparkreel.jobs.spark.SparkSessions;
import io.sparkreel.jobs.storage.FolderLease;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.apache.spark.sql.SparkSession;

/** Probes media files and assigns every clip to a bucket of resolution, frames and aspect ratio. */
public final class BucketingJob {
    private BucketingJob() {}

    /** Entry point for {@code spark-submit}. */
    public static void main(String[] arguments) {
        System.exit(JobMain.run(JobCommand.BUCKETING, arguments, BucketingJob::start));
    }

    private static void start(LoadedConfig<BucketingConfig> loaded) throws IOException {
        Configuration hadoop = SparkHadoopUtil.get().newConfiguration(new SparkConf());
        try (FolderLease lease = FolderLease.take(hadoop, loaded.config().output(), "--output", "bucketing")) {
            MediaInput input = BucketingRun.prepare(loaded.config(), hadoop);
            try (SparkSession spark = SparkSessions.start("sparkreel bucketing")) {
                BucketingRun.execute(loaded.config(), input, spark, lease);
            }
        }
    }
}
