// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.cluster;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.TimeUnit;

/** Jars of servers for tests, which do not go together with Spark. */
final class JarsApart {
    private static final Path ROOT = Path.of(System.getProperty("project.root"));

    private JarsApart() {}

    /**
     * Resolves what a project of its own under {@code src/test} needs, once for the checkout.
     *
     * @param name of the project's folder
     * @param work folder for the log
     * @return the class path
     */
    static String of(String name, Path work) throws Exception {
        Path pom = ROOT.resolve("spark-jobs/src/test").resolve(name).resolve("pom.xml");
        Path jars = ROOT.resolve("target").resolve(name);
        Path marker = jars.resolve(".resolved-for");
        if (!Files.exists(marker) || Files.mismatch(marker, pom) != -1) {
            Path log = work.resolve(name + "-resolve.log");
            Process maven = new ProcessBuilder(
                            "mvn",
                            "-B",
                            "-q",
                            "-f",
                            pom.toString(),
                            "dependency:copy-dependencies",
                            "-DincludeScope=runtime",
                            "-DoutputDirectory=" + jars)
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            if (!maven.waitFor(5, TimeUnit.MINUTES) || maven.exitValue() != 0) {
                maven.destroyForcibly();
                throw new AssertionError("cannot resolve " + name + ":\n" + Files.readString(log));
            }
            Files.copy(pom, marker, StandardCopyOption.REPLACE_EXISTING);
        }
        return jars + "/*";
    }
}
