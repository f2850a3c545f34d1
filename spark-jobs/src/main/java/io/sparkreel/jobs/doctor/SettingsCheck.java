// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.doctor;

import io.sparkreel.jobs.config.Device;
import io.sparkreel.jobs.spark.SparkMaster;
import io.sparkreel.jobs.spark.TaskDevice;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.spark.SparkConf;

/** Checks a process and its settings without a cluster. */
final class SettingsCheck {
    private static final List<String> PORTS =
            List.of("spark.driver.port", "spark.driver.blockManager.port", "spark.blockManager.port", "spark.ui.port");
    private static final double GIB = 1L << 30;

    private SettingsCheck() {}

    static Finding jdk(String subject) {
        int feature = Runtime.version().feature();
        String found = System.getProperty("java.version") + " in " + System.getProperty("java.home");
        return feature >= 17
                ? Finding.ok(subject, found)
                : Finding.fail(subject, "Java " + found, "Point JAVA_HOME at a JDK 17");
    }

    static Finding spark(String subject) {
        String version = org.apache.spark.package$.MODULE$.SPARK_VERSION();
        String scalaVersion = scala.util.Properties$.MODULE$.versionNumberString();
        String found = "Spark " + version + ", Scala " + scalaVersion;
        return version.startsWith("4.1.") && scalaVersion.startsWith("2.13.")
                ? Finding.ok(subject, found)
                : Finding.fail(subject, found, "Point SPARK_HOME at a Spark 4.1 for Scala 2.13, or unset it");
    }

    /** Settings under which a barrier stage cannot start, or a rank would start twice. */
    static Finding barrier(SparkConf conf) {
        if (conf.getBoolean("spark.dynamicAllocation.enabled", false)) {
            return Finding.fail(
                    "barrier settings",
                    "spark.dynamicAllocation.enabled is true, and training needs all its" + " executors at once",
                    "Set spark.dynamicAllocation.enabled=false and spark.executor.instances");
        }
        if (conf.getBoolean("spark.speculation", false)) {
            return Finding.fail(
                    "barrier settings",
                    "spark.speculation is true, which starts slow tasks a second time",
                    "Set spark.speculation=false");
        }
        int cores = conf.getInt("spark.executor.cores", 0);
        int cpus = conf.getInt("spark.task.cpus", cores);
        if (cores > 0 && cpus > cores) {
            return Finding.fail(
                    "barrier settings",
                    "spark.task.cpus is " + cpus + " and spark.executor.cores " + cores + ", so that no task fits",
                    "Set spark.task.cpus to the cores of an executor");
        }
        if (conf.get("spark.plugins", "").contains("com.nvidia.spark.SQLPlugin")) {
            return Finding.fail(
                    "barrier settings",
                    "spark.plugins starts RAPIDS, which takes GPU memory of which" + " libtorch knows nothing",
                    "Use conf/spark/rapids.conf for bucketing alone");
        }
        return Finding.ok("barrier settings", "no dynamic allocation, no speculation");
    }

    /** Compares the GPUs that are asked for with those that Spark is configured to assign. */
    static Finding gpuSettings(SparkConf conf, Device device) {
        boolean asked = conf.getInt(TaskDevice.EXECUTOR_GPUS, 0) > 0;
        if (!asked && conf.contains(TaskDevice.TASK_GPUS)) {
            return Finding.fail(
                    "gpu settings",
                    TaskDevice.TASK_GPUS + " is set, " + TaskDevice.EXECUTOR_GPUS + " is not",
                    "Set it to 1, as conf/spark/gpu.conf does");
        }
        if (device == Device.CUDA && !asked && !SparkMaster.of(conf).isLocal()) {
            return Finding.fail(
                    "gpu settings",
                    "--device cuda, but Spark is not asked for GPUs",
                    "Start with --properties-file conf/spark/gpu.conf");
        }
        return Finding.ok(
                "gpu settings", asked ? conf.get(TaskDevice.EXECUTOR_GPUS) + " for each executor" : "none asked for");
    }

    /** Ports that are set, not those that are taken as they come. */
    static Finding ports(SparkConf conf) {
        List<String> taken = new ArrayList<>();
        List<String> free = new ArrayList<>();
        for (String setting : PORTS) {
            int port = conf.getInt(setting, 0);
            boolean used = !setting.equals("spark.ui.port") || conf.getBoolean("spark.ui.enabled", true);
            if (port > 0 && used) {
                (isFree(port) ? free : taken).add(setting + " " + port);
            }
        }
        if (!taken.isEmpty()) {
            return Finding.fail(
                    "ports",
                    "taken: " + String.join(", ", taken),
                    "Set another port, or end the process" + " that has it (ss -ltnp)");
        }
        return Finding.ok(
                "ports", free.isEmpty() ? "none set: any free ones are taken" : "free: " + String.join(", ", free));
    }

    /** The settings of ports that are taken; a session can still be had without them. */
    static List<String> takenPorts(SparkConf conf) {
        return PORTS.stream()
                .filter(setting -> conf.getInt(setting, 0) > 0 && !isFree(conf.getInt(setting, 0)))
                .toList();
    }

    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress((InetAddress) null, port));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** Where this process unpacks natives, keeps weights and spills. */
    static Finding disk(String subject, SparkConf conf, double leastGib) {
        String home = System.getProperty("user.home");
        List<Path> folders = new ArrayList<>();
        String local = System.getenv("SPARK_LOCAL_DIRS") != null
                ? System.getenv("SPARK_LOCAL_DIRS")
                : conf.get("spark.local.dir", System.getProperty("java.io.tmpdir"));
        for (String folder : local.split(",")) {
            folders.add(Path.of(folder.strip()));
        }
        folders.add(Path.of(System.getProperty("java.io.tmpdir")));
        folders.add(Path.of(environment("DJL_CACHE_DIR", home + "/.djl.ai")));
        folders.add(Path.of(System.getProperty("org.bytedeco.javacpp.cachedir", home + "/.javacpp")));
        folders.add(Path.of(environment("SPARKREEL_CACHE", environment("XDG_CACHE_HOME", home + "/.cache"))));
        Path tightest = null;
        double least = Double.MAX_VALUE;
        for (Path folder : folders) {
            try {
                double free = Files.getFileStore(existing(folder)).getUsableSpace() / GIB;
                if (free < least) {
                    least = free;
                    tightest = folder;
                }
            } catch (IOException e) {
                return Finding.fail(subject, folder + ": " + e.getMessage(), "Set it to a folder of a local disk");
            }
        }
        String found = String.format(Locale.ROOT, "%.1f GiB free for %s", least, tightest);
        return least >= leastGib
                ? Finding.ok(subject, found)
                : Finding.fail(
                        subject,
                        found + String.format(Locale.ROOT, ", less than %.1f", leastGib),
                        "Make room, or move spark.local.dir, DJL_CACHE_DIR, SPARKREEL_CACHE and"
                                + " -Dorg.bytedeco.javacpp.cachedir to a larger disk; --min-free-gib says how much is enough");
    }

    private static String environment(String name, String otherwise) {
        String value = System.getenv(name);
        return value == null || value.isBlank() ? otherwise : value;
    }

    private static Path existing(Path folder) throws IOException {
        Path at = folder.toAbsolutePath();
        while (!Files.exists(at)) {
            at = at.getParent();
            if (at == null) {
                throw new IOException("there is no such disk");
            }
        }
        return at;
    }
}
