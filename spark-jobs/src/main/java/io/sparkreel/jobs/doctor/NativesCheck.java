// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.doctor;

import io.sparkreel.model.torch.Torch;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** Runs {@link NativesProbe} in a JVM of its own with the class path of this one, and says how that ended. */
final class NativesCheck {
    private static final int LIMIT_S = 90;

    private NativesCheck() {}

    /** The findings about each library, and about GPUs, by what the probe calls them. */
    static Map<String, Finding> run(List<Integer> gpus) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:-CreateCoredumpOnCrash",
                "-cp",
                classPath(),
                NativesProbe.class.getName()));
        gpus.forEach(gpu -> command.add(gpu.toString()));
        Map<String, Finding> findings = new LinkedHashMap<>();
        String end;
        Path scratch = null;
        try {
            scratch = Files.createTempDirectory("sparkreel-doctor");
            Path output = scratch.resolve("output");
            Process probe = new ProcessBuilder(command)
                    .directory(scratch.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            boolean ended = probe.waitFor(LIMIT_S, TimeUnit.SECONDS);
            probe.destroyForcibly();
            end = !ended
                    ? "it did not end within " + LIMIT_S + " s"
                    : probe.exitValue() > 128
                            ? "it crashed the JVM with signal " + (probe.exitValue() - 128)
                            : "its JVM ended with code " + probe.exitValue();
            Files.readAllLines(output, StandardCharsets.UTF_8).forEach(line -> take(line, findings));
        } catch (IOException e) {
            end = "its JVM cannot be started, " + e.getMessage();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            end = "it was interrupted";
        } finally {
            delete(scratch);
        }
        addMissing(findings, gpus, end);
        return findings;
    }

    private static void take(String line, Map<String, Finding> findings) {
        String[] parts = line.split("\t", 4);
        if (parts.length == 4 && parts[0].equals(NativesProbe.MARK)) {
            String name = parts[1];
            findings.put(
                    name,
                    parts[2].equals("ok") ? Finding.ok(name, parts[3]) : Finding.fail(name, parts[3], remedy(name)));
        }
    }

    /** The first one that was not heard of is the one that the probe died of; nothing is known of the others. */
    private static void addMissing(Map<String, Finding> findings, List<Integer> gpus, String end) {
        List<String> all = new ArrayList<>(NativesProbe.ALL);
        all.addAll(1, gpus.stream().map(gpu -> NativesProbe.GPU + gpu).toList());
        boolean first = true;
        for (String name : all) {
            if (!findings.containsKey(name)) {
                findings.put(
                        name,
                        first ? Finding.fail(name, end, remedy(name)) : Finding.skip(name, "not tried after that"));
                first = false;
            }
        }
    }

    private static String remedy(String name) {
        if (name.equals(NativesProbe.LIBTORCH)) {
            return "Unset PYTORCH_LIBRARY_PATH, PYTORCH_VERSION and PYTORCH_FLAVOR, or set them to a libtorch "
                    + Torch.VERSION + " as conf/spark/gpu.conf does (spark.executorEnv.*);"
                    + " name the jars of spark-jobs/target/natives with --jars";
        }
        if (name.startsWith(NativesProbe.GPU)) {
            return "Point spark.executorEnv.PYTORCH_LIBRARY_PATH at a libtorch "
                    + Torch.VERSION + " for a CUDA that the driver knows (nvidia-smi), with"
                    + " PYTORCH_FLAVOR=cu128; or give --device cpu";
        }
        return "Build with 'mvn package' and name all jars of spark-jobs/target/natives with --jars, as the launchers do";
    }

    /** What Spark has put together for this process: --jars are in no java.class.path. */
    private static String classPath() {
        Set<String> entries = new LinkedHashSet<>();
        for (ClassLoader loader = Thread.currentThread().getContextClassLoader();
                loader != null;
                loader = loader.getParent()) {
            if (loader instanceof URLClassLoader urls) {
                for (URL url : urls.getURLs()) {
                    try {
                        entries.add(Path.of(url.toURI()).toString());
                    } catch (URISyntaxException
                            | IllegalArgumentException
                            | java.nio.file.FileSystemNotFoundException e) {
                        // A class loader of Spark's for classes of a shell: not a file.
                    }
                }
            }
        }
        entries.addAll(List.of(System.getProperty("java.class.path").split(File.pathSeparator)));
        return String.join(File.pathSeparator, entries);
    }

    private static void delete(Path folder) {
        if (folder != null) {
            try (var files = Files.list(folder)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
                Files.delete(folder);
            } catch (IOException e) {
                folder.toFile().deleteOnExit(); // a crash report may still be written
            }
        }
    }
}
