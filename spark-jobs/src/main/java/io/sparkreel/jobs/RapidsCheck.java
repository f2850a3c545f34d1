// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import io.sparkreel.jobs.assign.Assignment;
import io.sparkreel.jobs.assign.ShardWriter;
import io.sparkreel.jobs.config.bucketing.BucketingConfig;
import io.sparkreel.jobs.config.bucketing.DrawKind;
import io.sparkreel.jobs.config.curate.CurateConfig;
import io.sparkreel.jobs.curate.VerdictColumns;
import io.sparkreel.jobs.dataset.ClipTables;
import io.sparkreel.jobs.error.Outcome;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.spark.SparkSessions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.LoggerConfig;
import org.apache.logging.log4j.core.config.Property;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.DataFrameWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Says whether the columnar part of the bucketing job, from the clips table to the shards, or the verdicts of curation
 * would run on GPUs: RAPIDS explains the query and the write without a GPU, and anything that would stay on CPUs is
 * listed.
 */
public final class RapidsCheck {
    private static final String PLUGIN = "com.nvidia.spark.rapids.ExplainPlan";
    private static final String EXPLAINER = "com.nvidia.spark.rapids.GpuOverrides";
    private static final String WRITE = "InsertIntoHadoopFsRelationCommand";
    private static final String ON_GPU = "will run on GPU";
    private static final int ROWS = 1000;
    private static final Pattern CURATION = Pattern.compile("(detectors|shots|reject|signals|from_signals) *:.*");

    private RapidsCheck() {}

    /** Entry point for {@code spark-submit}, with the RAPIDS jar among {@code --jars}: exit code 0 if all is on GPU. */
    public static void main(String[] arguments) {
        boolean[] onGpu = {true};
        int code = isCuration(arguments)
                ? JobMain.run(
                        JobCommand.RAPIDS_CHECK_OF_VERDICTS, arguments, loaded -> onGpu[0] = check(loaded.config()))
                : JobMain.run(JobCommand.RAPIDS_CHECK, arguments, loaded -> onGpu[0] = check(loaded.config()));
        System.exit(code == Outcome.DONE && !onGpu[0] ? Outcome.FAILED : code);
    }

    /** Whether the configuration is one of curation, by a section that bucketing has not. */
    static boolean isCuration(String... arguments) {
        for (int i = 0; i < arguments.length; i++) {
            String file = arguments[i].startsWith("--config=")
                    ? arguments[i].substring("--config=".length())
                    : arguments[i].equals("--config") && i + 1 < arguments.length ? arguments[i + 1] : "";
            try (Stream<String> lines = file.isEmpty() ? Stream.empty() : Files.lines(Path.of(file))) {
                if (lines.anyMatch(line -> CURATION.matcher(line).matches())) {
                    return true;
                }
            } catch (IOException | RuntimeException e) {
                return false; // reading the configuration tells what is wrong with it
            }
        }
        return false;
    }

    private static boolean check(BucketingConfig config) throws Exception {
        if (config.draw() == DrawKind.NUMPY) {
            throw new UserError(
                    "Cannot run draw: numpy on GPUs: these draws are plain Java, row by row. Use draw: keyed.");
        }
        return check((spark, folder) -> shards(spark, config, folder), ShardWriter::writer);
    }

    private static boolean check(CurateConfig config) throws Exception {
        return check(
                (spark, folder) -> VerdictColumns.judge(
                        table(spark, folder, VerdictColumns.MEASURES),
                        config.reject().rules()),
                Dataset::write);
    }

    /** A query over a table in a folder. */
    private interface Query {
        Dataset<Row> over(SparkSession spark, Path folder);
    }

    private static boolean check(Query query, Function<Dataset<Row>, DataFrameWriter<Row>> writer) throws Exception {
        Path folder = Files.createTempDirectory("sparkreel-rapids-check");
        try (SparkSession spark = SparkSessions.start("sparkreel rapids check")) {
            Collector collector = Collector.install();
            List<String> problems = new ArrayList<>(problems("query", explain(query.over(spark, folder))));
            collector.text.setLength(0);
            writer.apply(query.over(spark, folder))
                    .parquet(folder.resolve("written").toUri().toString());
            problems.addAll(problems("write", collector.text.toString()));
            System.out.println(problems.isEmpty() ? "all on GPU" : problems.size() + " parts are not on GPU:");
            problems.forEach(problem -> System.out.println("  " + problem));
            return problems.isEmpty();
        } finally {
            delete(folder);
        }
    }

    /** Any rows will do: what runs where depends on the configuration and the types alone. */
    private static Dataset<Row> table(SparkSession spark, Path folder, StructType type) {
        Path path = folder.resolve("table");
        if (!Files.exists(path)) {
            List<Column> columns = new ArrayList<>();
            for (StructField field : type.fields()) {
                columns.add(functions
                        .expr("cast(id + 100 as int)")
                        .cast(field.dataType())
                        .as(field.name()));
            }
            spark.range(ROWS)
                    .select(columns.toArray(Column[]::new))
                    .write()
                    .parquet(path.toUri().toString());
        }
        return spark.read().schema(type).parquet(path.toUri().toString());
    }

    private static Dataset<Row> shards(SparkSession spark, BucketingConfig config, Path folder) {
        return ShardWriter.shards(
                table(spark, folder, ClipTables.CLIPS),
                Assignment.of(config.buckets(), config.draw(), config.seed()),
                config.epochs(),
                config.seed(),
                ROWS);
    }

    private static String explain(Dataset<Row> query) throws Exception {
        Class<?> plugin;
        try {
            plugin = Class.forName(PLUGIN, true, Thread.currentThread().getContextClassLoader());
        } catch (ClassNotFoundException e) {
            throw new UserError(
                    "Cannot explain plans for GPUs: the RAPIDS jar is not among --jars. Start"
                            + " submit/rapids-check, which fetches it.",
                    e);
        }
        Object text = Arrays.stream(plugin.getMethods())
                .filter(method -> method.getName().equals("explainPotentialGpuPlan"))
                .findFirst()
                .orElseThrow()
                .invoke(null, query, "ALL");
        return (String) text;
    }

    /**
     * Keeps what RAPIDS says: writes are explained in the log alone, when they run. Thousands of lines of it are taken
     * from the console.
     */
    private static final class Collector extends AbstractAppender {
        @SuppressWarnings("JdkObsolete") // several threads log
        private final StringBuffer text = new StringBuffer();

        private Collector() {
            super("rapids-check", null, null, true, Property.EMPTY_ARRAY);
        }

        static Collector install() {
            Collector collector = new Collector();
            collector.start();
            LoggerConfig explainer = new LoggerConfig(EXPLAINER, Level.WARN, false);
            explainer.addAppender(collector, null, null);
            LoggerContext logging = LoggerContext.getContext(false);
            logging.getConfiguration().addLogger(EXPLAINER, explainer);
            logging.updateLoggers();
            return collector;
        }

        @Override
        public void append(LogEvent event) {
            text.append(event.getMessage().getFormattedMessage()).append('\n');
        }
    }

    /** The lines of an explanation that speak of something not on GPU; an expression over the CPU bridge is not. */
    static List<String> problems(String what, String explanation) {
        List<String> problems = explanation
                .lines()
                .map(String::strip)
                .filter(line -> line.startsWith("!")
                        || line.startsWith("@")
                        || line.contains("cannot run on GPU")
                        || line.contains("via CPU bridge"))
                .distinct()
                .map(line -> what + ": " + line)
                .toList();
        boolean explained = explanation.contains(ON_GPU) && (what.equals("query") || explanation.contains(WRITE));
        return problems.isEmpty() && !explained ? List.of(what + ": RAPIDS did not explain it") : problems;
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> paths = Files.walk(folder)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
