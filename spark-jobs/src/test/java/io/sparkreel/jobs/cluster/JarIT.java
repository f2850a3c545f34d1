// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.jobs.Launcher;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The application jar: thin, at peace with Spark's class path whichever comes first, and told of in full. */
class JarIT {
    private static final Path ROOT = Path.of(System.getProperty("project.root"));
    private static final Path WORK = ROOT.resolve("target/jar-it");
    private static final Path JAR = ROOT.resolve("spark-jobs/target/sparkreel.jar");
    private static final Path NATIVES = ROOT.resolve("spark-jobs/target/natives");
    private static final Path SPARK = ROOT.resolve("target/spark/jars");
    private static final long MIB = 1L << 20;

    @BeforeAll
    static void resolveSpark() throws Exception {
        Launcher launcher = new Launcher(ROOT, WORK);
        launcher.begin();
        if (!Files.exists(SPARK)) {
            Launcher.assertMistake(
                    "no --data-path",
                    launcher.launch("train", List.of("--config", ROOT + "/conf/quickstart/train.yaml")));
        }
    }

    private static Set<String> entries(Path jar) throws IOException {
        try (JarFile file = new JarFile(jar.toFile())) {
            return file.stream().map(entry -> entry.getName()).collect(Collectors.toCollection(TreeSet::new));
        }
    }

    private static boolean isClass(String entry) {
        return entry.endsWith(".class") && !entry.startsWith("META-INF/");
    }

    @Test
    void holdsNothingThatSparkBrings() throws IOException {
        Pattern foreign = Pattern.compile("(META-INF/versions/\\d+/)?(org/apache/|org/slf4j/|com/fasterxml/|scala/"
                + "|org/yaml/|com/google/|org/bytedeco/|ai/djl/huggingface/).*");
        Set<String> entries = entries(JAR);
        assertEquals(
                List.of(),
                entries.stream()
                        .filter(entry -> foreign.matcher(entry).matches() && !entry.endsWith("/"))
                        .toList());
        assertTrue(entries.contains("io/sparkreel/shaded/snakeyaml/Yaml.class"));
        assertTrue(entries.stream().noneMatch(entry -> entry.contains("libtorch") || entry.contains("libavcodec")));

        Map<String, String> elsewhere = new HashMap<>();
        try (Stream<Path> jars = Files.list(SPARK)) {
            for (Path jar :
                    jars.filter(file -> file.toString().endsWith(".jar")).toList()) {
                entries(jar).stream()
                        .filter(JarIT::isClass)
                        .forEach(name -> elsewhere.put(name, jar.getFileName().toString()));
            }
        }
        assertTrue(elsewhere.size() > 10_000);
        assertEquals(
                Map.of(),
                entries.stream()
                        .filter(entry -> isClass(entry) && elsewhere.containsKey(entry))
                        .collect(Collectors.toMap(entry -> entry, elsewhere::get)),
                "classes that Spark has too");
    }

    @Test
    void isAsLargeAsTheReadmeSays() throws IOException {
        Matcher stated = Pattern.compile("(\\d+) MB of application jar and (\\d+) MB of natives")
                .matcher(Files.readString(ROOT.resolve("README.md")).replaceAll("\\s+", " "));
        assertTrue(stated.find(), "the README does not say how large the jar is");
        assertEquals((float) Long.parseLong(stated.group(1)), (float) Math.round(Files.size(JAR) / (double) MIB), 1);
        long natives = 0;
        try (Stream<Path> jars = Files.list(NATIVES)) {
            for (Path jar : jars.toList()) {
                natives += Files.size(jar);
            }
        }
        assertEquals((double) Long.parseLong(stated.group(2)), natives / (double) MIB, 5);
    }

    private static String classPath(Path... order) {
        return Stream.of(order)
                .map(path -> Files.isDirectory(path) ? path + "/*" : path.toString())
                .collect(Collectors.joining(File.pathSeparator));
    }

    private record Ended(int code, String output) {}

    private static Ended java(String classPath, String... main) throws Exception {
        Path log = Files.createTempFile(WORK, "java", ".log");
        List<String> command = Stream.concat(
                        Stream.of(
                                ProcessHandle.current().info().command().orElse("java"),
                                "-Xmx512m",
                                "-XX:TieredStopAtLevel=1",
                                "-cp",
                                classPath),
                        Stream.of(main))
                .toList();
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        if (!process.waitFor(90, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("did not end in time");
        }
        return new Ended(process.exitValue(), Files.readString(log));
    }

    /** Configuration through the YAML reader, Jackson and Log4j; then every native library. */
    @Test
    void worksBeforeAndAfterSparkOnTheClassPath() throws Exception {
        for (String classPath : List.of(classPath(JAR, NATIVES, SPARK), classPath(SPARK, NATIVES, JAR))) {
            Ended refused = java(
                    classPath,
                    "io.sparkreel.jobs.TrainingJob",
                    "--config",
                    ROOT + "/conf/train/stage1.yaml",
                    "--set",
                    "model.dpth=2");
            assertEquals(2, refused.code(), refused.output());
            assertTrue(
                    refused.output().contains("unknown key 'model.dpth'")
                            && refused.output().contains("'model.depth'"),
                    refused.output());
            Ended probed = java(classPath, "io.sparkreel.jobs.doctor.NativesProbe");
            assertEquals(
                    List.of("libtorch ok", "ffmpeg ok", "tokenizer ok"),
                    probed.output()
                            .lines()
                            .filter(line -> line.startsWith("sparkreel-probe\t"))
                            .map(line -> line.split("\t"))
                            .map(parts -> parts[1] + " " + parts[2])
                            .toList(),
                    probed.output());
            assertFalse(
                    probed.output().contains("multiple SLF4J")
                            || probed.output().contains("NoSuchMethod"),
                    probed.output());
        }
    }

    /** The table of THIRD-PARTY.md is the bill of materials, and says rightly where each library is. */
    @Test
    void everyPartIsListedWithItsLicence() throws IOException {
        Path file = ROOT.resolve("spark-jobs/target/sparkreel-sbom.json");
        Assumptions.assumeTrue(
                Files.exists(file) || !"offline=true".equals(System.getProperty("maven.mode")),
                "the plugin that writes the bill of materials does nothing offline");
        JsonNode bill = new ObjectMapper().readTree(file.toFile());
        assertEquals("CycloneDX", bill.get("bomFormat").asText());
        Set<String> billed = new TreeSet<>();
        for (JsonNode component : bill.get("components")) {
            if (!component.get("group").asText().equals("io.sparkreel")) {
                StringBuilder licences = new StringBuilder();
                for (JsonNode licence : component.get("licenses")) {
                    JsonNode named = licence.path("license");
                    licences.append(licences.isEmpty() ? "" : " or ")
                            .append(
                                    named.has("id")
                                            ? named.get("id").asText()
                                            : named.path("name")
                                                    .asText(licence.path("expression")
                                                            .asText()));
                }
                assertTrue(
                        component.get("hashes").size() > 0,
                        component.get("name").asText());
                billed.add(component.get("group").asText() + ":"
                        + component.get("name").asText() + " | "
                        + component.get("version").asText() + " | " + licences);
            }
        }
        Set<String> listed = new TreeSet<>();
        Set<String> natives = new TreeSet<>();
        for (String line : Files.readAllLines(ROOT.resolve("THIRD-PARTY.md"))) {
            String[] cells = line.split(" \\| ");
            if (cells.length == 4 && cells[0].contains(":")) {
                listed.add(String.join(" | ", cells[0].replaceFirst("^\\| ", ""), cells[1], cells[2]));
                if (cells[3].startsWith("natives")) {
                    natives.add(cells[0].replaceFirst(".*:", "") + "-" + cells[1]);
                }
            }
        }
        assertEquals(billed, listed);
        try (Stream<Path> jars = Files.list(NATIVES)) {
            assertEquals(
                    natives,
                    jars.map(jar -> jar.getFileName().toString().replaceFirst("(-linux-x86_64)?\\.jar$", ""))
                            .collect(Collectors.toCollection(TreeSet::new)));
        }
    }
}
