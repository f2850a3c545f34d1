// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.spark;

import io.sparkreel.jobs.error.UserError;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.MutableURLClassLoader;

/**
 * The native libraries, which travel beside the application jar in a folder {@code natives}.
 *
 * <p>The launchers name them with {@code --jars}. A plain {@code spark-submit} of the jar finds them here.
 */
final class Natives {
    private static final String FOLDER = "natives";
    /** Present in every one of our native sets: where this is visible, nothing is left to do. */
    private static final String WITNESS = "org/bytedeco/ffmpeg/global/avcodec.class";

    private Natives() {}

    /** Ships the natives to the executors, unless the class path has them. */
    static void attach(SparkSession spark) {
        ClassLoader loader = Thread.currentThread().getContextClassLoader();
        if (loader.getResource(WITNESS) != null) {
            return;
        }
        for (Path jar : besideApplication()) {
            spark.sparkContext().addJar(jar.toString());
            // With a local master the executor lives here, and our classes look to this loader.
            if (loader instanceof MutableURLClassLoader mutable) {
                try {
                    mutable.addURL(jar.toUri().toURL());
                } catch (java.net.MalformedURLException e) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }

    private static List<Path> besideApplication() {
        CodeSource source = Natives.class.getProtectionDomain().getCodeSource();
        try {
            Path folder = Path.of(source.getLocation().toURI()).resolveSibling(FOLDER);
            if (!Files.isDirectory(folder)) {
                throw new UserError("Cannot find the native libraries: neither the class path nor " + folder
                        + " has them. Name their jars with --jars, or build with 'mvn package'.");
            }
            try (Stream<Path> files = Files.list(folder)) {
                return files.filter(file -> file.toString().endsWith(".jar"))
                        .sorted()
                        .toList();
            }
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
