// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.spark;

import io.sparkreel.jobs.storage.DriverFolder;
import java.nio.file.Path;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;

/** Starts the Spark session of a job with the settings it cannot do without, where the user has not set them. */
public final class SparkSessions {
    private static final String SHUFFLE_PARTITIONS = "spark.sql.shuffle.partitions";
    /** Spark's own default of 200 makes a small cluster slow; rows of ours are small, so few partitions do. */
    private static final int SHUFFLES_PER_CORE = 4;

    /** The JVM does not compile methods of more bytes, and interprets long rules many times slower. */
    private static final String LARGEST_METHOD = "spark.sql.codegen.hugeMethodLimit";

    private static final String COMPILED_METHOD_BYTES = "8000";

    /** What the jobs hand over are records, whose fields Kryo cannot set. */
    public static final String SERIALIZER = "spark.serializer";

    public static final String JAVA_SERIALIZER = "org.apache.spark.serializer.JavaSerializer";

    private static final Logger LOG = LogManager.getLogger(SparkSessions.class);

    private SparkSessions() {}

    /** A session for work that uses every core. */
    public static SparkSession start(String name) {
        return start(name, new SparkConf());
    }

    /** A session in which one task has an executor to itself. */
    public static SparkSession startWithOneTaskPerExecutor(String name) {
        return startWithTasksPerExecutor(name, 1);
    }

    /** A session in which so many tasks share an executor, or each of its GPUs; one task if it has fewer cores. */
    public static SparkSession startWithTasksPerExecutor(String name, int tasks) {
        SparkConf conf = new SparkConf();
        share(conf, tasks);
        // Else the first barrier stage waits 15 seconds for executors that are still registering.
        conf.setIfMissing("spark.scheduler.barrier.maxConcurrentTasksCheck.interval", "1s");
        conf.setIfMissing("spark.scheduler.barrier.maxConcurrentTasksCheck.maxFailures", "60");
        // What the tasks have to say travels with heartbeats.
        conf.setIfMissing("spark.executor.heartbeatInterval", "2s");
        return start(name, conf);
    }

    /** Says what a task takes of an executor, unless the user has. */
    static void share(SparkConf conf, int tasks) {
        int gpus = conf.getInt(TaskDevice.EXECUTOR_GPUS, 0);
        int sharing = tasks * Math.max(1, gpus); // each GPU of an executor is a rank of its own
        conf.setIfMissing("spark.task.cpus", Integer.toString(Math.max(1, coresPerExecutor(conf) / sharing)));
        if (gpus > 0) {
            conf.setIfMissing(TaskDevice.TASK_GPUS, Double.toString(1.0 / tasks));
        }
    }

    /**
     * Makes the jobs' own session of one that an application has started: with its context, and with settings of SQL
     * that are not the application's.
     */
    public static SparkSession beside(SparkSession application) {
        SparkConf conf = application.sparkContext().getConf();
        application.sparkContext().hadoopConfiguration().set(DriverFolder.KEY, folder());
        SparkSession spark = application.newSession();
        if (!conf.contains(LARGEST_METHOD)) {
            spark.conf().set(LARGEST_METHOD, COMPILED_METHOD_BYTES);
        }
        setShufflePartitions(spark, conf);
        Natives.attach(spark);
        return spark;
    }

    private static String folder() {
        return Path.of("").toAbsolutePath().toString();
    }

    private static void setShufflePartitions(SparkSession spark, SparkConf conf) {
        if (!conf.contains(SHUFFLE_PARTITIONS)) {
            spark.conf()
                    .set(
                            SHUFFLE_PARTITIONS,
                            SHUFFLES_PER_CORE * ((long) spark.sparkContext().defaultParallelism()));
        }
    }

    private static SparkSession start(String name, SparkConf conf) {
        conf.setIfMissing("spark.master", "local[*]");
        conf.setIfMissing("spark.app.name", name);
        conf.setIfMissing("spark.executorEnv.OMP_WAIT_POLICY", "PASSIVE");
        conf.setIfMissing(LARGEST_METHOD, COMPILED_METHOD_BYTES);
        if (!conf.get(SERIALIZER, JAVA_SERIALIZER).equals(JAVA_SERIALIZER)) {
            LOG.info("{} is {}; this job takes Java's", SERIALIZER, conf.get(SERIALIZER));
            conf.set(SERIALIZER, JAVA_SERIALIZER);
        }
        conf.setIfMissing("spark.executorEnv.DJL_OFFLINE", "true");
        conf.set("spark.hadoop." + DriverFolder.KEY, folder());
        SparkSession spark = SparkSession.builder().config(conf).getOrCreate();
        setShufflePartitions(spark, conf);
        Natives.attach(spark);
        return spark;
    }

    /** Cores of one executor, as far as the configuration says. */
    static int coresPerExecutor(SparkConf conf) {
        return Math.max(1, SparkMaster.of(conf).executorCores(conf));
    }

    /** Threads that one task may compute with beside as many others as its executor has room for. */
    public static int threadsPerTask(SparkSession spark) {
        return Math.max(1, spark.sparkContext().getConf().getInt("spark.task.cpus", 1));
    }

    /** Threads that one task may compute with while it has an executor to itself. */
    public static int threadsPerExecutor(SparkSession spark) {
        SparkConf conf = spark.sparkContext().getConf();
        return SparkMaster.of(conf).isLocal() ? spark.sparkContext().defaultParallelism() : coresPerExecutor(conf);
    }
}
