// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.sparkreel.jobs.error.UserError;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The commands of the pages are rendered by the launchers, in a copy of the project, and read by the jobs; the files
 * that pages, images and pod templates name are there.
 */
class PagesTest {
    private static final Path ROOT = Path.of(System.getProperty("project.root"));
    private static final Map<String, JobCommand<?>> JOBS = Map.of(
            "io.sparkreel.jobs.CurateJob",
            JobCommand.CURATE,
            "io.sparkreel.jobs.BucketingJob",
            JobCommand.BUCKETING,
            "io.sparkreel.jobs.TrainingJob",
            JobCommand.TRAINING,
            "io.sparkreel.jobs.InferenceJob",
            JobCommand.INFERENCE);

    @TempDir
    Path folder;

    private Path project;

    @BeforeEach
    void copyProject() throws IOException {
        project = Files.createDirectories(folder.resolve("project"));
        for (String name : List.of("submit", "conf")) {
            try (Stream<Path> paths = Files.walk(ROOT.resolve(name))) {
                for (Path path : (Iterable<Path>) paths::iterator) {
                    Path target = project.resolve(ROOT.relativize(path).toString());
                    if (Files.isDirectory(path)) {
                        Files.createDirectories(target);
                    } else {
                        Files.copy(path, target);
                    }
                }
            }
        }
        Files.copy(ROOT.resolve("pom.xml"), project.resolve("pom.xml"));
        Files.createDirectories(project.resolve("spark-jobs/target/natives"));
        Files.writeString(project.resolve("spark-jobs/target/natives/a.jar"), "");
        // What these fetch is not wanted here.
        for (String fetch : List.of("fetch-s3a", "fetch-rapids")) {
            Files.writeString(project.resolve("submit/" + fetch), "#!/bin/bash\necho fetched.jar\n");
        }
    }

    private static List<Path> pages() throws IOException {
        try (Stream<Path> files = Stream.of("README.md", "submit", "docs").flatMap(PagesTest::walk)) {
            return files.filter(file -> file.toString().endsWith(".md"))
                    .sorted()
                    .toList();
        }
    }

    @SuppressWarnings("StreamResourceLeak") // flatMap closes it
    private static Stream<Path> walk(String name) {
        try {
            return Files.walk(ROOT.resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The indented lines of a page that start a program, with those they go on in. */
    private static List<String> commands(Path page) throws IOException {
        List<String> commands = new ArrayList<>();
        StringBuilder command = null;
        for (String line : Files.readAllLines(page)) {
            boolean begins = line.matches(" {4}(submit/|spark-submit ).*");
            if (command == null && !begins) {
                continue;
            }
            command = command == null ? new StringBuilder() : command;
            boolean goesOn = line.endsWith("\\");
            command.append(goesOn ? line.substring(0, line.length() - 1) : line).append(' ');
            if (!goesOn) {
                commands.add(command.toString().strip());
                command = null;
            }
        }
        return commands;
    }

    private record Ended(int code, String out, String err) {}

    private Ended bash(String command) throws Exception {
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        ProcessBuilder builder = new ProcessBuilder("bash", "-c", command)
                .directory(project.toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        List.of("SPARK_HOME", "SPARK_CONF_DIR", "SPARK_LOCAL_IP").forEach(builder.environment()::remove);
        builder.environment().put("SPARKREEL_DRY_RUN", "1");
        Process process = builder.start();
        assertTrue(process.waitFor(30, TimeUnit.SECONDS), command);
        return new Ended(process.exitValue(), Files.readString(out), Files.readString(err));
    }

    @Test
    void noPageHoldsControlCharacters() throws IOException {
        for (Path page : pages()) {
            String text = Files.readString(page);
            for (int i = 0; i < text.length(); i++) {
                char character = text.charAt(i);
                assertTrue(
                        character == '\n' || !Character.isISOControl(character),
                        ROOT.relativize(page) + " holds \\u" + Integer.toHexString(character) + " at " + i);
            }
        }
    }

    @Test
    void everyPageSaysForWhomItIs() throws IOException {
        for (Path page : pages()) {
            if (page.equals(ROOT.resolve("README.md")) || page.equals(ROOT.resolve("docs/changes.md"))) {
                continue; // for everyone
            }
            List<String> lines = Files.readAllLines(page);
            assertTrue(lines.get(0).startsWith("# ") && lines.get(2).startsWith("For "), page::toString);
        }
    }

    @Test
    void everyCommandIsRenderedAndItsOptionsAreKnown() throws Exception {
        int jobs = 0;
        int all = 0;
        for (Path page : pages()) {
            for (String command : commands(page)) {
                all++;
                // spark-submit itself is not here; what it would be given is.
                String rendered = command.startsWith("spark-submit")
                        ? command.replaceFirst("spark-submit", "printf '%s\\\\\\\\0'")
                        : command;
                Ended ended = bash(rendered);
                String where = ROOT.relativize(page) + ": " + command + "\n" + ended.err();
                assertEquals(0, ended.code(), where);
                List<String> words = Arrays.asList(ended.out().split("\0"));
                int options = words.indexOf("--class");
                // The quickstart renders several, which LauncherTest looks at.
                if (options >= 0
                        && options == words.lastIndexOf("--class")
                        && JOBS.containsKey(words.get(options + 1))) {
                    jobs++;
                    readByTheJob(JOBS.get(words.get(options + 1)), words, where);
                }
                for (int i = 0; i + 1 < words.size(); i++) {
                    if (words.get(i).equals("--properties-file")
                            && !words.get(i + 1).equals("gpu-s3a.conf")) {
                        assertTrue(Files.exists(project.resolve(words.get(i + 1))), where);
                    }
                }
            }
        }
        assertTrue(jobs > 15 && all > 25, jobs + " of " + all);
    }

    private void readByTheJob(JobCommand<?> command, List<String> words, String where) {
        List<String> ofTheJob = new ArrayList<>();
        int jar = 0;
        while (!words.get(jar).endsWith("sparkreel.jar")) {
            jar++;
        }
        words.subList(jar + 1, words.size())
                .forEach(word -> ofTheJob.add(word.replaceFirst("^/opt/sparkreel/conf/", project + "/conf/")
                        .replaceFirst("^conf/", project + "/conf/")
                        .replaceFirst("^(hdfs|s3a)://.*/(stage1|my)\\.yaml$", project + "/conf/train/stage1.yaml")));
        try {
            JobArguments.parse(command, ofTheJob.toArray(String[]::new)).load(command.type());
        } catch (UserError e) {
            // Pages show what a mistake looks like, too.
            assertTrue(where.contains("lerning_rate"), where + e.getMessage());
        }
    }

    @Test
    void linksLeadSomewhere() throws IOException {
        Pattern link = Pattern.compile("\\]\\(([^)#]+)[^)]*\\)|`((?:submit|conf|docs)/[A-Za-z0-9_./-]+)`");
        for (Path page : pages()) {
            Matcher matcher = link.matcher(Files.readString(page));
            while (matcher.find()) {
                String target = matcher.group(1) == null ? matcher.group(2) : matcher.group(1);
                if (!target.contains("://") && !target.startsWith("/")) {
                    Path base = matcher.group(1) == null ? ROOT : page.getParent();
                    assertTrue(Files.exists(base.resolve(target)), ROOT.relativize(page) + " names " + target);
                }
            }
        }
    }

    @Test
    void whatTheImagesCopyIsThere() throws IOException {
        Set<String> made = Set.of("spark-jobs/target/sparkreel.jar", "spark-jobs/target/natives", "target/s3a");
        for (String name : List.of("Dockerfile.cpu", "Dockerfile.cuda")) {
            int copied = 0;
            for (String line : Files.readAllLines(ROOT.resolve("submit/docker/" + name))) {
                if (line.startsWith("COPY ") && !line.contains("--from=")) {
                    List<String> words = List.of(line.split(" "));
                    for (String source : words.subList(1, words.size() - 1)) {
                        assertTrue(made.contains(source) || Files.exists(ROOT.resolve(source)), name + ": " + source);
                        copied++;
                    }
                }
            }
            assertTrue(copied > 0, name);
        }
    }

    @Test
    void podTemplatesArePods() throws IOException {
        ObjectMapper yaml = new ObjectMapper(new YAMLFactory());
        for (String name : List.of("driver", "executor-cpu", "executor-gpu")) {
            JsonNode pod = yaml.readTree(
                    ROOT.resolve("submit/kubernetes/" + name + ".yaml").toFile());
            assertEquals(
                    "v1 Pod",
                    pod.get("apiVersion").asText() + " " + pod.get("kind").asText(),
                    name);
            JsonNode container = pod.at("/spec/containers/0");
            assertEquals(
                    "spark-kubernetes-" + name.replaceFirst("-.*", ""),
                    container.get("name").asText());
            Set<String> volumes = new TreeSet<>();
            pod.at("/spec/volumes")
                    .forEach(volume -> volumes.add(volume.get("name").asText()));
            Set<String> mounted = new TreeSet<>();
            container
                    .get("volumeMounts")
                    .forEach(mount -> mounted.add(mount.get("name").asText()));
            assertEquals(volumes, mounted, name);
            container
                    .get("env")
                    .forEach(variable -> assertTrue(variable.get("value").isTextual(), name));
        }
    }

    @Test
    void shellcheckHasNothingToSay() throws Exception {
        List<String> command = new ArrayList<>(List.of("shellcheck", "-x"));
        try (Stream<Path> files = Files.walk(ROOT.resolve("submit"))) {
            for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                if (file.toString().endsWith(".sh") || Files.readString(file).startsWith("#!/usr/bin/env bash")) {
                    command.add(file.toString());
                }
            }
        }
        assertTrue(command.size() > 12);
        Process process;
        try {
            process = new ProcessBuilder(command)
                    .directory(ROOT.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(folder.resolve("shellcheck").toFile())
                    .start();
        } catch (IOException e) {
            Assumptions.abort("shellcheck is not installed");
            return;
        }
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        assertEquals(0, process.exitValue(), Files.readString(folder.resolve("shellcheck")));
    }

    /** The scripts that find GPUs, over a machine's own tool or over what a scheduler made visible. */
    @Test
    void gpusAreFoundAsSparkWantsToBeTold() throws Exception {
        Path tools = Files.createDirectories(folder.resolve("tools"));
        Path nvidia = Files.writeString(tools.resolve("nvidia-smi"), "#!/bin/bash\nprintf '0\\n1\\n'\n");
        assertTrue(nvidia.toFile().setExecutable(true));
        ObjectMapper json = new ObjectMapper();
        assertEquals(
                json.readTree("{\"name\": \"gpu\", \"addresses\": [\"0\", \"1\"]}"),
                json.readTree(
                        bash("PATH=" + tools + ":$PATH submit/discover-gpus").out()));
        assertEquals(
                json.readTree("{\"name\": \"gpu\", \"addresses\": [\"3\", \"GPU-5e-b\"]}"),
                json.readTree(bash("CUDA_VISIBLE_DEVICES='3, GPU-5e-b' submit/discover-gpus")
                        .out()));
        assertEquals(1, bash("CUDA_VISIBLE_DEVICES='3\"' submit/discover-gpus").code());
        Files.writeString(nvidia, "#!/bin/bash\nexit 9\n");
        Ended failed = bash("PATH=" + tools + ":$PATH submit/discover-gpus");
        assertEquals(1, failed.code());
        assertTrue(failed.err().startsWith("discover-gpus: Cannot find GPUs"), failed.err());
    }
}
