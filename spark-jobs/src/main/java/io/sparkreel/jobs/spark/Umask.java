// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;

/**
 * Which rights new files do not get. Hadoop sets the rights of local files by a setting of its own and not by the umask
 * of the process; so a user who keeps files to himself would find them readable by everyone.
 */
public final class Umask {
    static final String KEY = "fs.permissions.umask-mode";
    private static final String SPARK_KEY = "spark.hadoop." + KEY;
    private static final Path OWN_STATUS = Path.of("/proc/self/status");
    private static final Pattern LINE = Pattern.compile("(?m)^Umask:\\s*([0-7]{1,4})$");

    private Umask() {}

    /** Lets Hadoop follow the umask of this process, here and in executors, unless the user or the cluster has set one. */
    public static void follow() {
        boolean chosen = new SparkConf().contains(SPARK_KEY) || isConfigured(new Configuration());
        if (!chosen) {
            ofProcess(OWN_STATUS).ifPresent(umask -> System.setProperty(SPARK_KEY, umask));
        }
    }

    /** Whether a file such as core-site.xml sets it. */
    static boolean isConfigured(Configuration hadoop) {
        String[] sources = hadoop.getPropertySources(KEY);
        return sources != null && sources.length > 0 && !sources[sources.length - 1].equals("core-default.xml");
    }

    /** The umask as Linux tells it; empty where it does not. */
    static Optional<String> ofProcess(Path status) {
        try {
            Matcher line = LINE.matcher(Files.readString(status));
            return line.find() ? Optional.of(line.group(1)) : Optional.empty();
        } catch (IOException e) { // another system, or a kernel before 4.7
            return Optional.empty();
        }
    }
}
