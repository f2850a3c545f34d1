// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.cluster;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.spark.launcher.JavaModuleOptions;

/** Spark's own standalone master and workers, each in a process of its own, on the jars that Maven resolves. */
public final class StandaloneCluster implements AutoCloseable {
    private static final Path ROOT = Path.of(System.getProperty("project.root"));
    private static final int LIMIT_S = 60;

    private final Path work;
    private final String host;
    private final int port;
    private final List<Process> processes = new ArrayList<>();

    /** Starts the master. */
    StandaloneCluster(Path work) throws Exception {
        this(work, "127.0.0.1");
    }

    /** @param host address of this machine that the workers reach */
    public StandaloneCluster(Path work, String host) throws Exception {
        this.work = work;
        this.host = host;
        port = ObjectStore.freePort();
        start(
                "master",
                List.of(),
                Map.of("SPARK_LOCAL_IP", host),
                "org.apache.spark.deploy.master.Master",
                "--host",
                host,
                "--port",
                Integer.toString(port),
                "--webui-port",
                Integer.toString(ObjectStore.freePort()));
        await();
    }

    public String master() {
        return "spark://" + host + ":" + port;
    }

    /**
     * Starts a worker of one core somewhere else.
     *
     * @param prefix of the command that starts it there
     * @param address of it there
     * @param memory it offers, such as 2g
     */
    public void addWorker(List<String> prefix, String address, String memory) throws IOException {
        startWorker(prefix, Map.of("SPARK_LOCAL_IP", address), address, 1, memory, List.of());
    }

    /**
     * Starts a worker that offers GPUs.
     *
     * @param cores it offers
     * @param memory it offers, such as 2g
     * @param gpus it offers
     * @param environment for it, its discovery script and its executors
     */
    void addWorker(int cores, String memory, int gpus, Map<String, String> environment) throws IOException {
        Path properties = Files.writeString(work.resolve("worker-" + processes.size() + ".conf"), """
                spark.worker.resource.gpu.amount %d
                spark.worker.resource.gpu.discoveryScript %s
                """.formatted(
                        gpus, ROOT.resolve("submit/discover-gpus")));
        startWorker(
                List.of(),
                environment,
                "127.0.0.1",
                cores,
                memory,
                List.of("--properties-file", properties.toString()));
    }

    private void startWorker(
            List<String> prefix,
            Map<String, String> environment,
            String address,
            int cores,
            String memory,
            List<String> more)
            throws IOException {
        String name = "worker-" + processes.size();
        List<String> words = new ArrayList<>(List.of(
                "org.apache.spark.deploy.worker.Worker",
                "--host",
                address,
                "-c",
                Integer.toString(cores),
                "-m",
                memory,
                "-d",
                work.resolve(name).toString(),
                "--webui-port",
                Integer.toString(ObjectStore.freePort())));
        words.addAll(more);
        words.add(master());
        start(name, prefix, environment, words.toArray(String[]::new));
    }

    private void start(String name, List<String> prefix, Map<String, String> environment, String... main)
            throws IOException {
        List<String> command = new ArrayList<>(prefix);
        command.addAll(List.of(
                ProcessHandle.current().info().command().orElse("java"),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1"));
        command.addAll(List.of(JavaModuleOptions.defaultModuleOptionArray()));
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        command.addAll(List.of(main));
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(work.resolve(name + ".log").toFile());
        builder.environment().put("SPARK_HOME", ROOT.resolve("target/spark").toString());
        builder.environment().put("SPARK_SCALA_VERSION", "2.13"); // else a worker looks for the folders of a checkout
        builder.environment().putAll(environment);
        processes.add(builder.start());
    }

    private void await() throws Exception {
        for (int tries = 0; tries < 10 * LIMIT_S; tries++) {
            try {
                new Socket(host, port).close();
                return;
            } catch (IOException e) {
                Thread.sleep(100);
            }
        }
        throw new AssertionError("the master does not start:\n" + Files.readString(work.resolve("master.log")));
    }

    @Override
    public void close() throws Exception {
        for (int i = processes.size() - 1; i >= 0; i--) {
            Process process = processes.get(i);
            process.descendants().forEach(ProcessHandle::destroy);
            process.destroy();
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        }
    }
}
