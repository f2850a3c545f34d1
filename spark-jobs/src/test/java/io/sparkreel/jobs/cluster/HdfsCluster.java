// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.cluster;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;

/** HDFS on this machine: a name node and a data node in a JVM of their own. */
public final class HdfsCluster implements AutoCloseable {
    private static final int LIMIT_S = 90;

    private final Process server;
    private final int port;

    /** @param work folder for what it holds and logs */
    public HdfsCluster(Path work) throws Exception {
        port = ObjectStore.freePort();
        Path started = work.resolve("hdfs-site.xml");
        Path log = work.resolve("hdfs.log");
        server = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElse("java"),
                        "-Xmx384m",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        JarsApart.of("hdfs", work),
                        "org.apache.hadoop.test.MiniDFSClusterManager",
                        "-format",
                        "-datanodes",
                        "1",
                        "-nnport",
                        Integer.toString(port),
                        "-D",
                        "hdfs.minidfs.basedir=" + work.resolve("hdfs"),
                        "-writeConfig",
                        started.toString())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        for (int tries = 0; !Files.exists(started); tries++) {
            if (tries == 10 * LIMIT_S || !server.isAlive()) {
                close();
                throw new AssertionError("HDFS does not start:\n" + Files.readString(log));
            }
            Thread.sleep(100);
        }
    }

    /** The address of a file or folder. */
    public String uri(String name) {
        return "hdfs://127.0.0.1:" + port + "/" + name;
    }

    /** For a client that shares nothing with others in this process. */
    public static Configuration client() {
        Configuration hadoop = new Configuration();
        hadoop.setBoolean("fs.hdfs.impl.disable.cache", true);
        return hadoop;
    }

    @Override
    public void close() throws Exception {
        server.destroy();
        if (!server.waitFor(20, TimeUnit.SECONDS)) {
            server.destroyForcibly();
        }
    }
}
