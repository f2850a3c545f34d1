// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launchers, in a copy of the project under a hostile name, over a spark-submit that records its arguments. */
class LauncherTest {
    private static final Path ROOT = Path.of(System.getProperty("project.root"));

    @TempDir
    Path folder;

    private Path project;
    private Path sparkHome;
    private final Map<String, String> environment = new LinkedHashMap<>();

    private record Outcome(int code, String out, String err) {}

    @BeforeEach
    void copyProject() throws IOException {
        project = Files.createDirectories(folder.resolve("it's a $(touch x) \"project\""));
        copy("submit");
        copy("conf");
        Files.copy(ROOT.resolve("pom.xml"), project.resolve("pom.xml"));
        write("spark-jobs/target/natives/a.jar", "");
        write("spark-jobs/target/sparkreel.jar", "");
        sparkHome = folder.resolve("spark home");
        script(sparkHome.resolve("bin/spark-submit"), """
                printf '%s\\0' "$@" >>"$RECORD"
                printf '\\n\\0' >>"$RECORD"
                printf '%s %s %s' "$OMP_WAIT_POLICY" "$DJL_OFFLINE" "${SPARK_LOCAL_IP:-none}" >"$RECORD.environment"
                exit "${EXIT_CODE:-0}"
                """);
        environment.put("SPARK_HOME", sparkHome.toString());
        environment.put("RECORD", folder.resolve("record").toString());
    }

    private void copy(String name) throws IOException {
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

    private void write(String name, String text) throws IOException {
        Files.createDirectories(project.resolve(name).getParent());
        Files.writeString(project.resolve(name), text);
    }

    private static void script(Path file, String body) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, "#!/bin/bash\n" + body);
        assertTrue(file.toFile().setExecutable(true));
    }

    private Outcome run(String launcher, String... words) throws Exception {
        List<String> command = new ArrayList<>(
                List.of("bash", project.resolve("submit/" + launcher).toString()));
        command.addAll(List.of(words));
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        for (String inherited : List.of("SPARK_HOME", "SPARK_CONF_DIR", "SPARK_LOCAL_IP", "SPARKREEL_DRY_RUN")) {
            builder.environment().remove(inherited);
        }
        builder.environment().putAll(environment);
        return new Outcome(builder.start().waitFor(), Files.readString(out), Files.readString(err));
    }

    /** What spark-submit was given, one list for each time it was started. */
    private List<List<String>> submissions() throws IOException {
        List<List<String>> submissions = new ArrayList<>();
        Path record = folder.resolve("record");
        if (Files.exists(record)) {
            for (String submission : Files.readString(record).split("\n\0")) {
                submissions.add(
                        List.of(submission.substring(0, submission.length() - 1).split("\0", -1)));
            }
        }
        return submissions;
    }

    private List<String> submission(String launcher, String... words) throws Exception {
        Outcome outcome = run(launcher, words);
        assertEquals(0, outcome.code(), outcome.err());
        return submissions().get(0);
    }

    private static String valueOf(List<String> words, String option) {
        int at = words.indexOf(option);
        return at < 0 ? null : words.get(at + 1);
    }

    private List<String> jobWords(List<String> words) {
        return words.subList(
                words.indexOf(project.resolve("spark-jobs/target/sparkreel.jar").toString()) + 1, words.size());
    }

    @Test
    void wordsReachTheJobAsTheyWereTyped() throws Exception {
        String[] words = {
            "--config",
            "a b.yaml",
            "--prompt",
            "it's \"so\" $(touch y) `touch y`",
            "*",
            "",
            "two\nlines",
            "\\",
            "--set",
            "a=b c",
            "ü"
        };
        List<String> submitted = submission("inference", words);
        assertEquals(List.of(words), jobWords(submitted));
        assertEquals("io.sparkreel.jobs.InferenceJob", valueOf(submitted, "--class"));
        assertFalse(Files.exists(folder.resolve("x")));
        assertFalse(Files.exists(folder.resolve("y")));
    }

    @Test
    void optionsOfSparkReachSparkWhereverTheyStand() throws Exception {
        List<String> submitted = submission(
                "train",
                "--config",
                "c.yaml",
                "--master",
                "local-cluster[2,1,2048]",
                "--seed",
                "1",
                "--conf",
                "spark.x=1 2",
                "--executor-memory=4g",
                "-c",
                "spark.y=2",
                "--verbose",
                "--outputs",
                "o");
        assertEquals(List.of("--config", "c.yaml", "--seed", "1", "--outputs", "o"), jobWords(submitted));
        assertEquals("local-cluster[2,1,2048]", valueOf(submitted, "--master"));
        assertEquals("4g", valueOf(submitted, "--executor-memory"));
        assertTrue(submitted.containsAll(List.of("spark.x=1 2", "spark.y=2", "--verbose")));
        assertEquals("io.sparkreel.jobs.TrainingJob", valueOf(submitted, "--class"));
        assertEquals("io.sparkreel.jobs.BucketingJob", valueOf(launchOf("bucketing"), "--class"));
    }

    private List<String> launchOf(String launcher) throws Exception {
        Files.deleteIfExists(folder.resolve("record"));
        return submission(launcher, "--config", "c.yaml");
    }

    @Test
    void nativesJoinTheJarsOfTheUser() throws Exception {
        String natives = project.resolve("spark-jobs/target/natives/a.jar").toString();
        assertEquals(natives, valueOf(submission("train", "c.yaml", "--master", "yarn"), "--jars"));
        Files.delete(folder.resolve("record"));
        // On this machine executors read it where it is, under a name without a character that a URI cannot have.
        String inPlace = "local:"
                + project.resolve("spark-jobs/target/natives/a.jar")
                        .toUri()
                        .getRawPath()
                        .replace("'", "%27")
                        .replace("(", "%28")
                        .replace(")", "%29")
                        .replace("$", "%24");
        assertEquals(inPlace, valueOf(launchOf("train"), "--jars"));
        Files.delete(folder.resolve("record"));
        assertEquals(
                "m.jar,n.jar,o.jar," + natives,
                valueOf(
                        submission(
                                "train",
                                "c.yaml",
                                "--master",
                                "yarn",
                                "--jars",
                                "m.jar,n.jar",
                                "--conf",
                                "spark.jars=o.jar"),
                        "--jars"));
    }

    @Test
    void aProfileIsTheUsersOrOurs() throws Exception {
        String ours = project.resolve("conf/spark/cpu.conf").toString();
        assertEquals(ours, valueOf(launchOf("train"), "--properties-file"));
        Files.delete(folder.resolve("record"));
        assertEquals(
                "mine.conf",
                valueOf(submission("train", "c.yaml", "--properties-file", "mine.conf"), "--properties-file"));
        Files.createDirectories(sparkHome.resolve("conf"));
        Files.writeString(sparkHome.resolve("conf/spark-defaults.conf"), "spark.master yarn\n");
        assertEquals(null, valueOf(launchOf("train"), "--properties-file"));
    }

    @Test
    void profilesAreJoinedAndTheLaterOneCounts() throws Exception {
        String file = valueOf(
                submission(
                        "train",
                        "c.yaml",
                        "--properties-file",
                        project + "/conf/spark/gpu.conf",
                        "--properties-file=" + project + "/conf/spark/s3a.conf"),
                "--properties-file");
        assertTrue(file.startsWith(project + "/target/profiles/"), file);
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(Path.of(file))));
        Properties joined = new Properties();
        joined.load(Files.newBufferedReader(Path.of(file)));
        assertEquals("1", joined.get("spark.executor.resource.gpu.amount"));
        assertEquals("magic", joined.get("spark.hadoop.fs.s3a.committer.name"));

        Files.delete(folder.resolve("record"));
        Path mine = Files.writeString(folder.resolve("mine.conf"), "spark.executor.resource.gpu.amount 2");
        String again = valueOf(
                submission(
                        "train",
                        "c.yaml",
                        "--properties-file",
                        project + "/conf/spark/gpu.conf",
                        "--properties-file",
                        mine.toString()),
                "--properties-file");
        joined.load(Files.newBufferedReader(Path.of(again)));
        assertEquals("2", joined.get("spark.executor.resource.gpu.amount"));
        Outcome none = run("train", "c.yaml", "--properties-file", "none.conf", "--properties-file", mine.toString());
        assertEquals(2, none.code());
        assertEquals(
                "sparkreel: Cannot launch: there is no profile none.conf. Give --properties-file a file such as"
                        + " those under conf/spark.\n",
                none.err());
    }

    @Test
    void logsAndNativeLibrariesAreSetUpForDriverAndExecutors() throws Exception {
        List<String> submitted = launchOf("train");
        String uri = project.resolve("conf/log4j2.properties").toUri().toString();
        String encoded = uri.replace("file://", "file:")
                .replace("'", "%27")
                .replace("$", "%24")
                .replace("(", "%28")
                .replace(")", "%29");
        assertTrue(
                submitted.contains("spark.driver.defaultJavaOptions=-Dlog4j2.configurationFile=" + encoded),
                submitted::toString);
        assertTrue(submitted.contains("spark.executor.defaultJavaOptions=-Dlog4j2.configurationFile=" + encoded));
        assertTrue(submitted.containsAll(
                List.of("spark.executorEnv.OMP_WAIT_POLICY=PASSIVE", "spark.executorEnv.DJL_OFFLINE=true")));
        assertEquals("PASSIVE true 127.0.0.1", Files.readString(folder.resolve("record.environment")));

        Files.delete(folder.resolve("record"));
        List<String> onYarn = submission("train", "c.yaml", "--master", "yarn", "--files", "f.txt");
        assertTrue(onYarn.contains("spark.executor.defaultJavaOptions=-Dlog4j2.configurationFile=log4j2.properties"));
        assertEquals("f.txt," + project.resolve("conf/log4j2.properties"), valueOf(onYarn, "--files"));
        assertEquals("PASSIVE true none", Files.readString(folder.resolve("record.environment")));
    }

    @Test
    void whatSparkDoesNotShowIsSetUnlessAFileOfTheUsersSaysIt() throws Exception {
        assertTrue(launchOf("train").stream().anyMatch(word -> word.startsWith("spark.redaction.regex=(?i)")));
        write("mine.conf", "spark.redaction.regex  mine\n");
        Files.delete(folder.resolve("record"));
        List<String> own = submission(
                "train",
                "c.yaml",
                "--properties-file",
                project.resolve("mine.conf").toString());
        assertTrue(own.stream().noneMatch(word -> word.startsWith("spark.redaction.regex")), own::toString);
    }

    @Test
    void exitCodesComeBack() throws Exception {
        environment.put("EXIT_CODE", "2");
        assertEquals(2, run("train", "c.yaml").code());
        environment.put("EXIT_CODE", "1");
        assertEquals(1, run("train", "c.yaml").code());
    }

    @Test
    void mistakesAreOneLine() throws Exception {
        assertEquals(
                new Outcome(
                        2,
                        "",
                        "sparkreel: Cannot launch: --class is given, but each launcher starts its own"
                                + " job. Use spark-submit for another class.\n"),
                run("train", "--class", "x"));
        assertEquals(
                new Outcome(2, "", "sparkreel: Cannot launch: --master has no value. Give it one.\n"),
                run("train", "c.yaml", "--master"));
        environment.put("SPARK_HOME", "/nowhere");
        assertEquals(
                new Outcome(
                        2,
                        "",
                        "sparkreel: Cannot launch: SPARK_HOME is /nowhere, which has no"
                                + " bin/spark-submit. Point it at a Spark 4.1 distribution, or unset it.\n"),
                run("train", "c.yaml"));
        assertEquals(List.of(), submissions());
    }

    @Test
    void helpNeedsNoJavaAndIsTheJobsOwn() throws Exception {
        Path tools = Files.createDirectories(folder.resolve("tools"));
        for (String tool : List.of("cat", "dirname", "readlink")) {
            script(tools.resolve(tool), "exec /usr/bin/" + tool + " \"$@\"\n");
        }
        environment.put("PATH", tools.toString());
        environment.remove("SPARK_HOME");
        for (JobCommand<?> command : List.of(
                JobCommand.CURATE,
                JobCommand.BUCKETING,
                JobCommand.TRAINING,
                JobCommand.ENCODE,
                JobCommand.INFERENCE)) {
            Outcome outcome = run(command.name(), "--config", "x", "--help");
            assertEquals(0, outcome.code(), outcome.err());
            assertTrue(
                    outcome.out().startsWith(command.usage()),
                    "submit/lib/help/" + command.name() + ".txt is not the usage of the job, which is:\n"
                            + command.usage());
            assertTrue(outcome.out().contains("SPARK_HOME"));
        }
        assertEquals(0, run("quickstart", "--help").code());
    }

    @Test
    void withoutSparkHomeTheCommandIsTheSame() throws Exception {
        environment.remove("SPARK_HOME");
        environment.put("SPARKREEL_DRY_RUN", "1");
        List<String> command =
                List.of(run("train", "c d.yaml", "--name", "n").out().split("\0", -1));
        assertEquals("run_resolved_spark", command.get(0));
        assertEquals("n", valueOf(command, "--name"));
        assertEquals(List.of("c d.yaml", ""), jobWords(command));
    }

    @Test
    void theJarIsBuiltWhereItIsMissingOrOld() throws Exception {
        Path jar = project.resolve("spark-jobs/target/sparkreel.jar");
        Path tools = folder.resolve("tools");
        script(tools.resolve("mvn"), "printf '%s\\n' \"$@\" >\"$RECORD.mvn\"; exit \"${MVN_CODE:-0}\"\n");
        environment.put("PATH", tools + ":" + System.getenv("PATH"));
        Path record = folder.resolve("record.mvn");
        run("train", "c.yaml");
        assertFalse(Files.exists(record), "built without need");

        Files.delete(jar);
        Outcome outcome = run("train", "c.yaml");
        assertEquals(
                List.of(
                        "-B",
                        "-q",
                        "-Dstyle.color=never",
                        "-f",
                        project.resolve("pom.xml").toString(),
                        "-DskipTests",
                        "-Dspotless.check.skip",
                        "package"),
                Files.readAllLines(record));
        assertTrue(outcome.err().startsWith("sparkreel: building the application jar"), outcome.err());

        Files.delete(record);
        Files.writeString(jar, "");
        Files.setLastModifiedTime(jar, java.nio.file.attribute.FileTime.fromMillis(0));
        run("train", "c.yaml");
        assertTrue(Files.exists(record), "not built although a source is newer");

        environment.put("MVN_CODE", "1");
        Outcome failed = run("train", "c.yaml");
        assertEquals(2, failed.code());
        assertTrue(failed.err().contains("Cannot go on: building the application jar"), failed.err());
    }

    @Test
    void quickstartRunsItsPartsInOrder() throws Exception {
        Path output = folder.resolve("my output");
        Outcome outcome = run("quickstart", "--output", output.toString(), "--executors", "3", "--steps", "5");
        assertEquals(0, outcome.code(), outcome.err());
        List<List<String>> submissions = submissions();
        assertEquals(
                List.of("BucketingJob", "TrainingJob", "InferenceJob", "QuickstartSummary"),
                submissions.stream()
                        .map(words -> valueOf(words, "--class").replace("io.sparkreel.jobs.", ""))
                        .toList());
        Path samples = project.resolve("conf/quickstart");
        assertEquals(
                List.of(
                        "--config",
                        samples + "/bucketing.yaml",
                        "--input",
                        samples + "/clips",
                        "--output",
                        output.toString()),
                jobWords(submissions.get(0)));
        assertEquals("local-cluster[3,1,2048]", valueOf(submissions.get(1), "--master"));
        assertEquals(
                List.of(
                        "--config",
                        samples + "/train.yaml",
                        "--data-path",
                        output.toString(),
                        "--outputs",
                        output + "/run",
                        "--set",
                        "max_steps=5"),
                jobWords(submissions.get(1)));
        assertEquals(output + "/run", valueOf(jobWords(submissions.get(2)), "--ckpt-path"));
        assertTrue(outcome.err().contains("1 bucketing") && outcome.err().contains("4 comparing"), outcome.err());
        for (int i = 0; i < 3; i++) {
            JobCommand<?> command = List.of(JobCommand.BUCKETING, JobCommand.TRAINING, JobCommand.INFERENCE)
                    .get(i);
            JobArguments.parse(command, jobWords(submissions.get(i)).toArray(String[]::new))
                    .load(command.type());
        }
    }

    @Test
    void quickstartRemovesOnlyWhatItMade() throws Exception {
        Path output = Files.createDirectories(folder.resolve("precious"));
        Files.writeString(output.resolve("thesis.txt"), "years");
        Outcome refused = run("quickstart", "--output", output.toString());
        assertEquals(2, refused.code());
        assertEquals(
                "sparkreel: Cannot start the quickstart: " + output + " is there and was not made by it. Give"
                        + " another folder with --output, or remove it.\n",
                refused.err());
        assertTrue(Files.exists(output.resolve("thesis.txt")));

        Path own = folder.resolve("own");
        assertEquals(0, run("quickstart", "--output", own.toString()).code());
        Files.writeString(own.resolve("old.mp4"), "");
        assertEquals(0, run("quickstart", "--output", own.toString()).code());
        assertFalse(Files.exists(own.resolve("old.mp4")));
    }

    @Test
    void quickstartStopsWhereAPartFails() throws Exception {
        environment.put("EXIT_CODE", "1");
        Outcome outcome = run("quickstart", "--output", folder.resolve("o").toString());
        assertEquals(1, outcome.code());
        assertEquals(1, submissions().size());
        assertTrue(outcome.err().contains("stopped in its part '1 bucketing' with exit code 1"), outcome.err());
        assertEquals(2, run("quickstart", "--executers", "2").code());
        assertEquals(2, run("quickstart", "--steps", "many").code());
    }

    /** The tables of options in the launchers are those of this Spark's own parser. */
    @Test
    void theTablesOfOptionsAreSparks() throws Exception {
        Class<?> parser = Class.forName("org.apache.spark.launcher.SparkSubmitOptionParser");
        Constructor<?> constructor = parser.getDeclaredConstructor();
        constructor.setAccessible(true);
        Object spark = constructor.newInstance();
        TreeSet<String> withValue = names(parser, spark, "opts");
        TreeSet<String> switches = names(parser, spark, "switches");
        assertTrue(withValue.remove("--class"), "the launchers choose the class");
        assertTrue(switches.removeAll(List.of("--help", "-h")), "help is the launchers' own");
        assertEquals(withValue, ours("SPARK_OPTIONS_WITH_VALUE"));
        assertEquals(switches, ours("SPARK_SWITCHES"));
    }

    private static TreeSet<String> names(Class<?> parser, Object spark, String field) throws Exception {
        Field table = parser.getDeclaredField(field);
        table.setAccessible(true);
        TreeSet<String> names = new TreeSet<>();
        for (String[] spellings : (String[][]) table.get(spark)) {
            names.addAll(List.of(spellings));
        }
        return names;
    }

    private TreeSet<String> ours(String array) throws Exception {
        Path script = folder.resolve("print");
        Files.writeString(script, "source \"$1\"; printf '%s\\n' \"${" + array + "[@]}\"");
        Process process = new ProcessBuilder(
                        "bash",
                        script.toString(),
                        project.resolve("submit/lib/launch.sh").toString())
                .start();
        String out = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertEquals(0, process.waitFor());
        return new TreeSet<>(out.lines().toList());
    }
}
