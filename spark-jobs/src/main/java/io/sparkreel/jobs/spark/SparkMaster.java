// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.spark;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;

/**
 * What a master string says of the executors.
 *
 * @param kind where tasks run
 * @param executors how many {@code local-cluster} starts; 0 for others
 * @param coresPerExecutor cores of each of them; 0 for others
 */
public record SparkMaster(Kind kind, int executors, int coresPerExecutor) {
    private static final Pattern LOCAL = Pattern.compile("local(\\[[^,]*])?");
    private static final Pattern LOCAL_CLUSTER = Pattern.compile("local-cluster\\[\\s*(\\d+)\\s*,\\s*(\\d+)\\s*,.*");

    /** Where tasks run. */
    public enum Kind {
        /** In threads of the driver. A task that fails is not tried again. */
        LOCAL,
        /** In executor processes that the driver starts on its machine. */
        LOCAL_CLUSTER,
        /** In executors of a cluster manager. */
        CLUSTER
    }

    /** @param master value of {@code spark.master} */
    public static SparkMaster of(String master) {
        if (LOCAL.matcher(master).matches()) {
            return new SparkMaster(Kind.LOCAL, 0, 0);
        }
        Matcher cluster = LOCAL_CLUSTER.matcher(master);
        return cluster.matches()
                ? new SparkMaster(
                        Kind.LOCAL_CLUSTER, Integer.parseInt(cluster.group(1)), Integer.parseInt(cluster.group(2)))
                : new SparkMaster(Kind.CLUSTER, 0, 0);
    }

    /** Of a job that runs on all local cores where no master is set. */
    public static SparkMaster of(SparkConf conf) {
        return of(conf.get("spark.master", "local[*]"));
    }

    public boolean isLocal() {
        return kind == Kind.LOCAL;
    }

    /** Executors that the master is asked for; 0 where no number is set. */
    public int wantedExecutors(SparkConf conf) {
        return executors > 0 ? executors : conf.getInt("spark.executor.instances", 0);
    }

    /** Cores of one executor; 0 where they are not set. */
    public int executorCores(SparkConf conf) {
        return coresPerExecutor > 0 ? coresPerExecutor : conf.getInt("spark.executor.cores", 0);
    }
}
