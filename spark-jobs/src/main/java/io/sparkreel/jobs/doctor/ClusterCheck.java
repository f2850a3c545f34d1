// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.doctor;

import io.sparkreel.jobs.spark.BarrierStage;
import io.sparkreel.jobs.spark.ExecutorRegistration;
import io.sparkreel.jobs.spark.SparkMaster;
import io.sparkreel.jobs.spark.TaskDevice;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.SerializableConfiguration;

/** Looks at the executors, from a barrier stage with one rank in each. */
final class ClusterCheck {
    /** Where some are there and more are wanted, none is likely to come after so long without a new one. */
    private static final int LATE_SECONDS = 8;

    private static final long MOST_SKEW_MILLIS = 2000;

    private final JavaSparkContext context;
    private final DoctorOptions options;
    private final Consumer<Finding> out;

    ClusterCheck(JavaSparkContext context, DoctorOptions options, Consumer<Finding> out) {
        this.context = context;
        this.options = options;
        this.out = out;
    }

    private int gpusOfExecutor() {
        return context.getConf().getInt(TaskDevice.EXECUTOR_GPUS, 0);
    }

    void run() throws InterruptedException {
        int ranks = slots();
        if (ranks == 0) {
            return;
        }
        List<RankReport> reports = reports(ranks);
        out.accept(executors(reports));
        out.accept(gpus(reports, gpusOfExecutor() > 0));
        merged(reports).forEach(out);
        out.accept(clocks(ranks));
    }

    /** How many executors there are, at most those that are wanted. */
    private int slots() throws InterruptedException {
        if (context.isLocal()) {
            boolean enough = options.ranks() == null || options.ranks() == 1;
            out.accept(
                    enough
                            ? Finding.ok("slots", "one rank, in this process")
                            : Finding.fail(
                                    "slots",
                                    "a local master has one executor, " + options.ranks() + " are asked for",
                                    "Give --master of a cluster, such as 'local-cluster[" + options.ranks()
                                            + ",1,2048]'"));
            return 1;
        }
        int wanted = wanted(context.getConf(), context.master());
        int registered = ExecutorRegistration.await(context, wanted, options.waitSeconds(), LATE_SECONDS);
        if (registered >= Math.max(1, wanted)) {
            out.accept(Finding.ok("slots", registered + " executors"));
        } else {
            out.accept(Finding.fail(
                    "slots",
                    registered + " executors registered, "
                            + (wanted == 0 ? "at least one is needed" : wanted + " are asked for"),
                    remedy(registered)));
        }
        return wanted == 0 ? registered : Math.min(registered, wanted);
    }

    private String remedy(int registered) {
        String gpus =
                gpusOfExecutor() > 0 ? ", and GPUs: spark.worker.resource.gpu.amount and its discoveryScript" : "";
        return registered == 0
                ? "Look whether the master has workers with as many free cores and as much memory as"
                        + " spark.executor.cores and spark.executor.memory ask for" + gpus
                : "Lower --num-executors (spark.executor.instances, or --ranks), or give the cluster more workers with"
                        + " free cores and memory" + gpus;
    }

    private int wanted(SparkConf conf, String master) {
        if (options.ranks() != null) {
            return options.ranks();
        }
        return SparkMaster.of(master).wantedExecutors(conf);
    }

    private List<RankReport> reports(int ranks) {
        RankProbe probe =
                new RankProbe(options, context.broadcast(new SerializableConfiguration(context.hadoopConfiguration())));
        return BarrierStage.run(context, ranks, RankReport.class, probe);
    }

    /** Two ranks in one process would share its threads, its memory and its GPU. */
    static Finding executors(List<RankReport> reports) {
        long executors = reports.stream().map(RankReport::executor).distinct().count();
        return executors == reports.size()
                ? Finding.ok("barrier", reports.size() + " ranks started together, each in an executor of its own")
                : Finding.fail(
                        "barrier",
                        reports.size() + " ranks share " + executors + " executors",
                        "Set spark.executor.cores, and spark.task.cpus to the same");
    }

    /** Which rank has which GPU. */
    static Finding gpus(List<RankReport> reports, boolean asked) {
        String list = reports.stream()
                .map(report -> report.name() + " has "
                        + (report.gpus().isEmpty() ? "none" : "GPU " + String.join("+", report.gpus()))
                        + (report.device() == null ? "" : " -> " + report.device()))
                .collect(Collectors.joining(", "));
        if (!asked) {
            return Finding.ok("gpus", "Spark is not asked for any");
        }
        TreeSet<String> given = new TreeSet<>();
        long count = 0;
        for (RankReport report : reports) {
            report.gpus().forEach(gpu -> given.add(report.host() + " " + gpu));
            count += report.gpus().size();
        }
        if (reports.stream().anyMatch(report -> report.gpus().isEmpty())) {
            return Finding.fail("gpus", list, "Set spark.executor.resource.gpu.amount and its discoveryScript");
        }
        return given.size() == count
                ? Finding.ok("gpus", list)
                : Finding.fail(
                        "gpus",
                        "given twice: " + list,
                        "Let the discovery script print different addresses, as" + " submit/discover-gpus does");
    }

    /** One finding for a subject: what all ranks say, or what is wrong with which. */
    static List<Finding> merged(List<RankReport> reports) {
        Map<String, Map<Finding, List<RankReport>>> subjects = new LinkedHashMap<>();
        for (RankReport report : reports) {
            for (Finding finding : report.findings()) {
                subjects.computeIfAbsent(finding.subject(), any -> new LinkedHashMap<>())
                        .computeIfAbsent(finding, any -> new ArrayList<>())
                        .add(report);
            }
        }
        List<Finding> merged = new ArrayList<>();
        subjects.forEach((subject, findings) -> {
            boolean failed = findings.keySet().stream().anyMatch(Finding::isFailure);
            String called = subject + " (ranks)";
            if (!failed) {
                Finding first = findings.keySet().iterator().next();
                String all = findings.keySet().stream().map(Finding::text).collect(Collectors.joining("; "));
                merged.add(new Finding(first.verdict(), called, all));
            } else {
                findings.forEach((finding, ranks) -> {
                    if (finding.isFailure()) {
                        merged.add(new Finding(
                                Finding.Verdict.FAIL,
                                called,
                                ranks.stream().map(RankReport::name).collect(Collectors.joining(", ")) + ": "
                                        + finding.text()));
                    }
                });
            }
        });
        return merged;
    }

    /** A clock that shows a time from before the question, or from after the answer, is wrong. */
    private Finding clocks(int ranks) {
        List<Integer> all = IntStream.range(0, ranks).boxed().toList();
        context.parallelize(all, ranks).count(); // what takes long the first time
        long before = System.currentTimeMillis();
        List<Long> clocks = context.parallelize(all, ranks)
                .map(rank -> System.currentTimeMillis())
                .collect();
        return clocks(before, clocks, System.currentTimeMillis());
    }

    static Finding clocks(long before, List<Long> clocks, long after) {
        long most = 0;
        for (long clock : clocks) {
            most = Math.max(most, Math.max(before - clock, clock - after));
        }
        return most <= MOST_SKEW_MILLIS
                ? Finding.ok("clocks", "within " + (after - before + Math.max(0, most)) + " ms")
                : Finding.fail(
                        "clocks",
                        "an executor's clock is " + most + " ms or more from the driver's",
                        "Run chrony or ntpd on all nodes");
    }
}
