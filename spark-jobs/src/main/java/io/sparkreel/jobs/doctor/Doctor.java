// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.doctor;

import io.sparkreel.jobs.error.Outcome;
import io.sparkreel.jobs.spark.SparkSessions;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.apache.spark.sql.SparkSession;

/**
 * Looks at everything that the jobs need of a machine and a cluster, and says in one line each that it is there or
 * which setting to change. It is started as the jobs are, with the same options for Spark.
 */
public final class Doctor {
    private static final int WELL = 0;
    private static final int ILL = 1;

    private final DoctorOptions options;
    private final PrintStream out;
    private int failures;

    private Doctor(DoctorOptions options, PrintStream out) {
        this.options = options;
        this.out = out;
    }

    /** Entry point for {@code spark-submit}: exit code 0 if all is well. */
    public static void main(String[] arguments) {
        int[] verdict = {WELL};
        int code =
                Outcome.of(() -> verdict[0] = new Doctor(DoctorOptions.parse(arguments), System.out).run(), System.err);
        System.exit(code == Outcome.DONE ? verdict[0] : code);
    }

    private int run() {
        SparkConf conf = new SparkConf();
        FutureTask<Map<String, Finding>> natives = new FutureTask<>(() -> NativesCheck.run(List.of()));
        startBeside(natives);
        say(SettingsCheck.jdk("jdk"));
        say(SettingsCheck.spark("spark"));
        say(SettingsCheck.barrier(conf));
        say(SettingsCheck.gpuSettings(conf, options.device()));
        say(SettingsCheck.ports(conf));
        say(SettingsCheck.disk("disk", conf, options.minFreeGib()));
        Configuration hadoop = SparkHadoopUtil.get().newConfiguration(conf);
        paths(hadoop);
        if (natives(natives)) {
            cluster(conf);
        } else {
            say(Finding.skip("cluster", "not looked at while libraries are missing here"));
        }
        PathCheck.tidy(hadoop);
        out.println(
                failures == 0 ? "all is well" : failures + (failures == 1 ? " thing is" : " things are") + " wrong");
        return failures == 0 ? WELL : ILL;
    }

    private void say(Finding finding) {
        out.println(finding.line());
        out.flush();
        if (finding.isFailure()) {
            failures++;
        }
    }

    private static void startBeside(Runnable work) {
        Thread thread = new Thread(work, "natives-check");
        thread.setDaemon(true);
        thread.setContextClassLoader(Thread.currentThread().getContextClassLoader());
        thread.start();
    }

    private void paths(Configuration hadoop) {
        if (options.paths().isEmpty()) {
            say(Finding.skip("path", "give --path with a folder of the storage that jobs will read and write"));
        }
        List<String> wrong = new ArrayList<>();
        for (String path : options.paths()) {
            Finding finding = PathCheck.run("path", hadoop, path);
            say(finding);
            if (finding.isFailure()) {
                wrong.add(path);
            }
        }
        options.paths().removeAll(wrong); // once is enough
    }

    private boolean natives(FutureTask<Map<String, Finding>> natives) {
        try {
            boolean loads = true;
            for (String name : NativesProbe.ALL) {
                Finding finding = natives.get().get(name);
                say(finding);
                loads &= finding.verdict() == Finding.Verdict.OK;
            }
            return loads;
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What is known to be wrong is set right for a session that can still tell something. */
    private void cluster(SparkConf conf) {
        System.setProperty("spark.dynamicAllocation.enabled", "false");
        SettingsCheck.takenPorts(conf).forEach(setting -> System.setProperty(setting, "0"));
        System.setProperty("spark.ui.enabled", "false");
        try (SparkSession spark = SparkSessions.startWithOneTaskPerExecutor("sparkreel doctor")) {
            new ClusterCheck(JavaSparkContext.fromSparkContext(spark.sparkContext()), options, this::say).run();
        } catch (Exception e) { // whatever Spark throws is a finding
            String text = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
            say(Finding.fail(
                    "cluster",
                    e.getClass().getSimpleName() + " " + text,
                    "Check --master, and that executors reach this driver (spark.driver.host, spark.driver.port)"));
        }
    }
}
