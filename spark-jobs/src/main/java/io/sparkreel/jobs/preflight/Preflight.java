// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.preflight;

import io.sparkreel.jobs.config.Device;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.spark.ExecutorRegistration;
import io.sparkreel.jobs.spark.SparkMaster;
import io.sparkreel.jobs.spark.SparkSessions;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Checks, before any work is done, whether the ranks of a run can start: one for each executor, all at once. Each
 * refusal names the setting to change, and none takes a minute unless configured to.
 */
public final class Preflight {
    private static final String SPARK = "4.1.";
    private static final String SCALA = "2.13.";
    private static final int CONNECT_MS = 5_000;
    private static final String WAIT = "spark.scheduler.maxRegisteredResourcesWaitingTime";
    /** Seconds since this process began, so that a busy machine, slow to get here, still answers within a minute. */
    private static final int PATIENCE_S = 40;

    private static final int SHORTEST_WAIT_S = 10;

    private Preflight() {}

    /**
     * Checks the settings, before Spark starts.
     *
     * @throws UserError if no run can come of them
     */
    public static void checkSettings(SparkConf conf) {
        checkVersions(org.apache.spark.package$.MODULE$.SPARK_VERSION(), scala.util.Properties.versionNumberString());
        String master = conf.get("spark.master", "local[*]");
        if (conf.getBoolean("spark.dynamicAllocation.enabled", false)) {
            throw refused(
                    "spark.dynamicAllocation.enabled is true, and training needs all its executors from its "
                            + "beginning to its end",
                    "Set spark.dynamicAllocation.enabled=false and spark.executor.instances");
        }
        checkTasksPerExecutor(conf, SparkMaster.of(conf));
        checkGpus(conf);
        if (master.startsWith("spark://")) {
            checkMaster(master);
        }
    }

    /**
     * Checks the session of an application, which is there already.
     *
     * @throws UserError if no job can run on it
     */
    public static void checkSession(SparkContext context) {
        if (context.isStopped()) {
            throw new UserError("Cannot work on this Spark session: it is stopped. Start another one.");
        }
        checkVersions(context.version(), scala.util.Properties.versionNumberString());
        String serializer = context.getConf().get(SparkSessions.SERIALIZER, SparkSessions.JAVA_SERIALIZER);
        if (!serializer.equals(SparkSessions.JAVA_SERIALIZER)) {
            throw new UserError("Cannot work on this Spark session: " + SparkSessions.SERIALIZER + " is " + serializer
                    + ", and tasks hand over Java's records. Set " + SparkSessions.SERIALIZER + "="
                    + SparkSessions.JAVA_SERIALIZER + ", or leave it out.");
        }
    }

    static void checkVersions(String spark, String scala) {
        if (!spark.startsWith(SPARK) || !scala.startsWith(SCALA)) {
            throw refused(
                    "this is Spark " + spark + " with Scala " + scala,
                    "Point SPARK_HOME at a Spark " + SPARK + "x for Scala " + SCALA + "x, or unset it");
        }
    }

    private static void checkTasksPerExecutor(SparkConf conf, SparkMaster master) {
        int cores = master.executorCores(conf);
        int taskCores = conf.getInt("spark.task.cpus", 0);
        if (cores == 0 || taskCores == 0 || master.isLocal()) {
            return; // of local threads one is a rank; an unset number is made to fit, or seen once executors are there
        }
        if (taskCores > cores) {
            throw refused(
                    "a rank takes spark.task.cpus=" + taskCores + " cores, and an executor has " + cores,
                    "Set spark.task.cpus=" + cores + ", or raise spark.executor.cores");
        }
        if (cores / taskCores > 1) {
            throw refused(
                    "spark.task.cpus=" + taskCores + " puts " + cores / taskCores + " ranks into an executor of "
                            + cores + " cores",
                    "Set spark.task.cpus=" + cores + ", or leave it out");
        }
    }

    private static void checkGpus(SparkConf conf) {
        String ofExecutor = conf.get("spark.executor.resource.gpu.amount", null);
        String ofTask = conf.get("spark.task.resource.gpu.amount", null);
        if (ofExecutor != null && !ofExecutor.equals("1")) {
            throw refused(
                    "spark.executor.resource.gpu.amount is " + ofExecutor + ", and a rank computes on one GPU",
                    "Set it to 1, with as many executors as there are GPUs");
        }
        // Where it is not set, the session of a training job sets it.
        if (ofExecutor != null && ofTask != null && Double.parseDouble(ofTask) != 1) {
            throw refused(
                    "the executors have GPUs, and spark.task.resource.gpu.amount is " + ofTask,
                    "Set it to 1, or leave it out, so that each rank knows which is its own");
        }
        if (ofExecutor == null && ofTask != null) {
            throw refused(
                    "spark.task.resource.gpu.amount is set, and spark.executor.resource.gpu.amount is not",
                    "Set both to 1");
        }
    }

    /** Spark itself would try for a minute, and then fail with a stack trace. */
    private static void checkMaster(String master) {
        List<String> problems = new ArrayList<>();
        for (String address : master.substring("spark://".length()).split(",")) {
            int colon = address.lastIndexOf(':');
            try (Socket socket = new Socket()) {
                socket.connect(
                        new InetSocketAddress(
                                address.substring(0, colon), Integer.parseInt(address.substring(colon + 1))),
                        CONNECT_MS);
                return;
            } catch (IOException | RuntimeException e) {
                problems.add(address + ": " + e.getMessage());
            }
        }
        throw refused(
                "no master answers (" + String.join("; ", problems) + ")", "Start it, or check --master " + master);
    }

    /**
     * Waits for the executors and returns what each has to offer its rank.
     *
     * @param device what ranks are to compute on
     * @throws UserError if they do not come, or cannot have one rank each
     */
    public static List<RankFacts> ranks(JavaSparkContext context, Device device) {
        if (context.isLocal()) {
            return List.of(RankFacts.here(0, device));
        }
        int executors = await(context);
        checkSlots(
                executors,
                context.sc()
                        .maxNumConcurrentTasks(
                                context.sc().resourceProfileManager().defaultResourceProfile()));
        List<RankFacts> facts = RankFacts.ofAll(context, executors, device);
        facts.forEach(rank -> {
            if (!rank.spark().equals(context.version())) {
                throw refused(
                        "the driver is Spark " + context.version() + " and executor " + rank.executor() + " on "
                                + rank.host() + " Spark " + rank.spark(),
                        "Use the same SPARK_HOME everywhere");
            }
        });
        return facts;
    }

    static void checkSlots(int executors, int slots) {
        if (slots != executors) {
            throw refused(
                    executors + " executors have room for " + slots + " ranks at once",
                    slots < executors
                            ? "Set spark.task.cpus to at most the cores of an executor, and check the amounts of "
                                    + "spark.task.resource"
                            : "Set spark.task.cpus to the cores of an executor, so that each has" + " one");
        }
    }

    /**
     * Waits for the executors that the master is asked for; where no number is asked for, for those that have
     * registered once their number has settled.
     */
    private static int await(JavaSparkContext context) {
        int wanted = SparkMaster.of(context.master()).wantedExecutors(context.getConf());
        long uptime = TimeUnit.MILLISECONDS.toSeconds(
                ManagementFactory.getRuntimeMXBean().getUptime());
        long longest = longestWait(context.getConf(), uptime);
        int count;
        try {
            count = ExecutorRegistration.await(context, wanted, longest, longest);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
        if (count >= Math.max(1, wanted) && !context.sc().isStopped()) {
            return count;
        }
        if (context.sc().isStopped()) {
            throw refused("the master " + context.master() + " has ended the application", "See the master's log");
        }
        throw refused(
                (wanted == 0
                                ? "no executor has registered within "
                                : count + " of " + wanted + " executors have registered within ")
                        + longest + " s",
                "See that " + context.master()
                        + " has that many times the cores and memory that spark.executor.cores and spark.executor.memory ask for, "
                        + "ask for fewer with spark.executor.instances, or wait longer with " + WAIT);
    }

    /** @param uptime seconds since this process began */
    static long longestWait(SparkConf conf, long uptime) {
        return conf.contains(WAIT) ? conf.getTimeAsSeconds(WAIT) : Math.max(SHORTEST_WAIT_S, PATIENCE_S - uptime);
    }

    static UserError refused(String found, String remedy) {
        return new UserError("Cannot start training: " + found + ". " + remedy + ".");
    }
}
