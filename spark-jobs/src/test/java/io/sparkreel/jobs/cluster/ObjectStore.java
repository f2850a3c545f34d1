// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.cluster;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * An S3 on this machine, s3proxy in a JVM of its own, behind a {@link FaultProxy}. Its objects are files, so that
 * assertions can read them without S3.
 */
final class ObjectStore implements AutoCloseable {
    static final String BUCKET = "sparkreel";
    private static final Path ROOT = Path.of(System.getProperty("project.root"));
    private static final String IDENTITY = "test-identity";
    private static final String SECRET = "test-secret-of-the-object-store";
    private static final int LIMIT_S = 60;

    private final Process server;
    private final int port;
    private final Path folder;
    final FaultProxy proxy;

    /** @param work folder for what it holds and logs */
    ObjectStore(Path work, FaultProxy.Faults faults, long seed) throws Exception {
        folder = Files.createDirectories(work.resolve("s3"));
        Files.createDirectories(folder.resolve(BUCKET));
        port = freePort();
        Path properties =
                Files.writeString(work.resolve("s3proxy.properties"), """
                s3proxy.endpoint=http://127.0.0.1:%d
                s3proxy.authorization=aws-v2-or-v4
                s3proxy.identity=%s
                s3proxy.credential=%s
                jclouds.provider=filesystem-nio2
                jclouds.filesystem.basedir=%s
                """.formatted(port, IDENTITY, SECRET, folder));
        server = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElse("java"),
                        "-Xmx256m",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-Dlogback.configurationFile=" + ROOT.resolve("spark-jobs/src/test/s3proxy/logback.xml"),
                        "-cp",
                        JarsApart.of("s3proxy", work),
                        "org.gaul.s3proxy.Main",
                        "--properties",
                        properties.toString())
                .redirectErrorStream(true)
                .redirectOutput(work.resolve("s3proxy.log").toFile())
                .start();
        awaitAnswer();
        proxy = new FaultProxy(port, faults, seed);
    }

    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private void awaitAnswer() throws Exception {
        for (int tries = 0; tries < 10 * LIMIT_S; tries++) {
            try {
                HttpURLConnection connection = (HttpURLConnection)
                        URI.create("http://127.0.0.1:" + port + "/").toURL().openConnection();
                connection.getResponseCode();
                return;
            } catch (IOException e) {
                if (!server.isAlive()) {
                    throw new AssertionError("s3proxy ended with code " + server.exitValue());
                }
                Thread.sleep(100);
            }
        }
        throw new AssertionError("s3proxy does not answer");
    }

    /** Puts an object, without faults. */
    void put(String key, byte[] content) throws Exception {
        put(key, HttpRequest.BodyPublishers.ofByteArray(content));
    }

    /** Puts the content of a file, without faults. */
    void put(String key, Path content) throws Exception {
        put(key, HttpRequest.BodyPublishers.ofFile(content));
    }

    private void put(String key, HttpRequest.BodyPublisher content) throws Exception {
        String resource = "/" + BUCKET + "/" + key;
        String date = DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC));
        Mac mac = Mac.getInstance("HmacSHA1");
        mac.init(new SecretKeySpec(SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA1"));
        byte[] signature = mac.doFinal(("PUT\n\n\n" + date + "\n" + resource).getBytes(StandardCharsets.UTF_8));
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + resource))
                .header("Date", date)
                .header(
                        "Authorization",
                        "AWS " + IDENTITY + ":" + Base64.getEncoder().encodeToString(signature))
                .PUT(content)
                .timeout(Duration.ofSeconds(LIMIT_S))
                .build();
        HttpResponse<String> answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
            throw new AssertionError("cannot put " + key + ": " + answer.statusCode() + " " + answer.body());
        }
    }

    /** Where an object of the bucket lies. */
    Path file(String key) {
        return folder.resolve(BUCKET).resolve(key);
    }

    static String uri(String key) {
        return "s3a://" + BUCKET + "/" + key;
    }

    /** What the launchers are told beside {@code conf/spark/s3a.conf}: this store is none of Amazon's. */
    List<String> options() {
        return List.of(
                "--properties-file", ROOT.resolve("conf/spark/cpu.conf").toString(),
                "--properties-file", ROOT.resolve("conf/spark/s3a.conf").toString(),
                "--conf", "spark.hadoop.fs.s3a.endpoint=http://127.0.0.1:" + proxy.port(),
                "--conf", "spark.hadoop.fs.s3a.endpoint.region=us-east-1",
                "--conf", "spark.hadoop.fs.s3a.path.style.access=true",
                // Waits as long as against a real store would be this test's whole time.
                "--conf", "spark.hadoop.fs.s3a.retry.interval=20ms",
                "--conf", "spark.hadoop.fs.s3a.retry.throttle.interval=20ms");
    }

    /** Credentials as the default chain finds them. */
    static Map<String, String> environment() {
        return Map.of(
                "AWS_ACCESS_KEY_ID", IDENTITY, "AWS_SECRET_ACCESS_KEY", SECRET, "AWS_EC2_METADATA_DISABLED", "true");
    }

    /** What must not be in any log. */
    static String secret() {
        return SECRET;
    }

    @Override
    public void close() throws Exception {
        proxy.close();
        server.destroy();
        if (!server.waitFor(10, TimeUnit.SECONDS)) {
            server.destroyForcibly();
        }
    }
}
