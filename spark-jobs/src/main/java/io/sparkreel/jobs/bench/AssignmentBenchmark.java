// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.bench;

import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.lit;

import com.sun.management.OperatingSystemMXBean;
import io.sparkreel.jobs.assign.Assignment;
import io.sparkreel.jobs.assign.BucketStatistics;
import io.sparkreel.jobs.assign.BucketStatistics.Counts;
import io.sparkreel.jobs.assign.ShardWriter;
import io.sparkreel.jobs.config.bucketing.BucketingConfig;
import io.sparkreel.jobs.config.reader.ConfigLoader;
import io.sparkreel.jobs.dataset.ClipTables;
import io.sparkreel.jobs.dataset.ShardFiles;
import io.sparkreel.jobs.error.Outcome;
import io.sparkreel.jobs.inventory.Probing.Probed;
import io.sparkreel.jobs.spark.SparkSessions;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.jobs.storage.Tables;
import io.sparkreel.model.bench.Report;
import io.sparkreel.model.command.CommandWords;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructField;
import picocli.CommandLine.Option;

/**
 * Measures the columnar part of the bucketing job on made-up clips: assignment alone, then all from the Parquet table
 * of clips to sorted Parquet shards and what the manifest says of them.
 */
public final class AssignmentBenchmark {
    private static final double NANOSECONDS = 1e9;
    private static final int URI_LENGTH = 60;
    private static final int CAPTION_LENGTH = 80;

    /** What the columns hold that are not the same for all clips, from the number of the clip. */
    private static final Map<String, String> VALUES = Map.of(
            "clip_id", "xxhash64(id)",
            "uri",
                    "rpad(concat('s3a://bucket/videos/', hex(xxhash64(id, 1)), '/', id), " + (URI_LENGTH - 4)
                            + ", 'x') || '.mp4'",
            "kind", "if(pmod(hash(id, 2), 5) = 0, 'image', 'video')",
            "num_frames",
                    "if(pmod(hash(id, 2), 5) = 0, 1, cast(exp(2 + 5 * pmod(hash(id, 3), 1000) / 1000.0) as int) + 1)",
            "height", "element_at(array(240, 360, 480, 720, 720, 720, 1080, 1280), pmod(hash(id, 4), 8) + 1)",
            "width", "element_at(array(426, 640, 640, 1280, 1280, 1280, 1920, 720), pmod(hash(id, 4), 8) + 1)",
            "bytes", "1000000L + pmod(xxhash64(id, 5), 9000000L)",
            "caption",
                    "substring(repeat(concat('a clip of ', hex(xxhash64(id, 6)), ' in ', hex(xxhash64(id, 7)), ' '), 2), 1, "
                            + CAPTION_LENGTH + ")");

    /** The others. */
    private static final Map<String, String> CONSTANTS = Map.of(
            "rotation",
            "0",
            "fps",
            "24.0D",
            "duration_s",
            "10.0D",
            "codec",
            "'h264'",
            "mtime",
            "timestamp_seconds(1700000000)",
            "keyframe_interval",
            "48",
            "from_table",
            "false");

    private AssignmentBenchmark() {}

    /** @param words see {@code submit/bench --help} */
    public static void main(String[] words) {
        System.exit(Outcome.of(() -> run(CommandWords.read(new Options(), "measure assignment", words)), System.err));
    }

    private static void run(Options options) throws IOException {
        BucketingConfig config = ConfigLoader.load(BucketingConfig.class, options.config, List.of())
                .config();
        try (SparkSession spark = SparkSessions.start("sparkreel benchmark of assignment")) {
            HadoopStorage work = new HadoopStorage(spark.sparkContext().hadoopConfiguration(), options.work);
            try {
                System.out.println(measure(spark, config, options.rows, work));
            } finally {
                work.delete("clips");
                work.delete("shards");
            }
        }
    }

    private static final class Options {
        @Option(names = "--rows", defaultValue = "10000000", paramLabel = "N", description = "clips")
        private long rows;

        @Option(names = "--config", required = true, paramLabel = "FILE", description = "bucketing configuration")
        private Path config;

        @Option(names = "--work", required = true, paramLabel = "DIR", description = "folder for its tables")
        private String work;
    }

    private interface Work {
        void run() throws IOException;
    }

    /** Seconds by the clock and of the processor, which tells more on a machine that others use. */
    private record Time(double clock, double processor) {
        static Time of(Work work) throws IOException {
            OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
            long begin = System.nanoTime();
            long used = system.getProcessCpuTime();
            work.run();
            return new Time(
                    (System.nanoTime() - begin) / NANOSECONDS, (system.getProcessCpuTime() - used) / NANOSECONDS);
        }
    }

    static Report measure(SparkSession spark, BucketingConfig config, long rows, HadoopStorage work)
            throws IOException {
        Report line = new Report("assign");
        clips(spark, rows)
                .write()
                .mode(SaveMode.Overwrite)
                .option("compression", "zstd")
                .parquet(work.uri("clips"));
        Dataset<Row> clips = Tables.reader(spark).schema(ClipTables.CLIPS).parquet(work.uri("clips"));
        Assignment assignment = Assignment.of(config.buckets(), config.draw(), config.seed());
        int cores = spark.sparkContext().defaultParallelism();
        Time alone = null;
        for (int i = 0; i < 2; i++) { // the first also loads and compiles
            alone = Time.of(() -> assignment
                    .assign(clips.select("clip_id", "num_frames", "height", "width")
                            .withColumn("epoch", lit(0)))
                    .write()
                    .format("noop")
                    .mode("overwrite")
                    .save());
        }
        for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
            pool.resetPeakUsage();
        }
        Counts[] counts = new Counts[1];
        Time counting = Time.of(
                () -> counts[0] = BucketStatistics.count(ShardWriter.withEpochs(clips, config.epochs()), assignment));
        Time writing = Time.of(() -> ShardWriter.writer(
                        ShardWriter.shards(clips, assignment, config.epochs(), config.seed(), counts[0].kept()))
                .parquet(work.uri("shards")));
        List<?>[] files = new List<?>[1];
        Time listing = Time.of(() -> files[0] =
                ShardFiles.read(JavaSparkContext.fromSparkContext(spark.sparkContext()), work.uri("shards")));
        line.put("rows", rows)
                .put("rows_in_buckets", counts[0].kept())
                .put("cores", cores)
                .put("assignment_s", alone.clock())
                .put("assignment_cpu_s", alone.processor())
                .put("assignment_rows_per_s_per_core", rows / alone.clock() / cores)
                .put("count_s", counting.clock())
                .put("write_s", writing.clock())
                .put("manifest_s", listing.clock())
                .put("stage_s", counting.clock() + writing.clock() + listing.clock())
                .put("stage_cpu_s", counting.processor() + writing.processor() + listing.processor())
                .put("shard_files", files[0].size())
                .put("max_heap_mib", Runtime.getRuntime().maxMemory() >> 20)
                .put("peak_heap_mib", peakHeap())
                .put("peak_rss_mib", peakResident());
        return line;
    }

    /** A table like one that probing leaves. */
    static Dataset<Row> clips(SparkSession spark, long rows) {
        List<Column> columns = new ArrayList<>();
        for (StructField field : ClipTables.CLIPS.fields()) {
            String value = VALUES.getOrDefault(field.name(), CONSTANTS.getOrDefault(field.name(), "null"));
            columns.add(expr(value).cast(field.dataType()).as(field.name()));
        }
        return spark.range(0, rows, 1, Probed.files(rows)).select(columns.toArray(Column[]::new));
    }

    private static long peakHeap() {
        return ManagementFactory.getMemoryPoolMXBeans().stream()
                        .filter(pool -> pool.getType() == MemoryType.HEAP)
                        .mapToLong(pool -> pool.getPeakUsage().getUsed())
                        .sum()
                >> 20;
    }

    private static long peakResident() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmHWM:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) >> 10)
                .findFirst()
                .orElse(0);
    }
}
