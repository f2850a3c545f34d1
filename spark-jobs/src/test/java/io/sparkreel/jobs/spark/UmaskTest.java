// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.jobs.storage.HadoopStorage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UmaskTest {
    @TempDir
    private Path work;

    /** Writes a file as a job does, in a process of its own. */
    static final class Writer {
        public static void main(String[] arguments) throws Exception {
            Umask.follow();
            new HadoopStorage(SparkHadoopUtil.get().newConfiguration(new SparkConf()), arguments[0])
                    .atomicPut("folder/file", new byte[] {1});
        }
    }

    private void write(String umask, String folder) throws Exception {
        List<String> words = new ArrayList<>(List.of(
                "sh",
                "-c",
                "umask " + umask + "; exec \"$@\"",
                "sh",
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-Xmx128m",
                "-cp",
                System.getProperty("java.class.path")));
        words.addAll(List.of(Writer.class.getName(), work.resolve(folder).toString()));
        Path output = work.resolve("output");
        Process process = new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), "the process did not end");
        assertEquals(0, process.exitValue(), Files.readString(output));
    }

    private String rights(String file) throws Exception {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(work.resolve(file)));
    }

    @Test
    void filesHaveTheRightsThatTheProcessGives() throws Exception {
        write("077", "own");
        assertEquals("rw-------", rights("own/folder/file"));
        assertEquals("rwx------", rights("own/folder"));
    }

    @Test
    void theUsersOwnChoiceIsKept() {
        String key = "spark.hadoop." + Umask.KEY;
        String before = System.getProperty(key);
        try {
            System.setProperty(key, "0123");
            Umask.follow();
            assertEquals("0123", System.getProperty(key));
            System.clearProperty(key);
            Umask.follow();
            assertEquals(Umask.ofProcess(Path.of("/proc/self/status")).orElseThrow(), System.getProperty(key));
        } finally {
            System.clearProperty(key);
            if (before != null) {
                System.setProperty(key, before);
            }
        }
    }

    @Test
    void theClustersOwnChoiceIsKept() {
        Configuration hadoop = new Configuration();
        assertFalse(Umask.isConfigured(hadoop));
        hadoop.set(Umask.KEY, "007", "core-site.xml");
        assertTrue(Umask.isConfigured(hadoop));
    }

    @Test
    void whereNothingTellsTheUmaskHadoopsOwnHolds() throws Exception {
        Path status = Files.writeString(work.resolve("status"), "Name:\tjava\nUmask:\t0027\nState:\tR\n");
        assertEquals(Optional.of("0027"), Umask.ofProcess(status));
        assertEquals(Optional.empty(), Umask.ofProcess(work.resolve("none")));
    }
}
