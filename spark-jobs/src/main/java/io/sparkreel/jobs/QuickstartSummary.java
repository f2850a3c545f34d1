// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.bucketing.media.ClipReader;
import io.sparkreel.bucketing.media.MediaKind;
import io.sparkreel.bucketing.media.PictureRules;
import io.sparkreel.bucketing.media.PixelClip;
import io.sparkreel.bucketing.media.range.Excerpt;
import io.sparkreel.bucketing.media.range.TemporalSampling;
import io.sparkreel.bucketing.media.scale.FrameTransform;
import io.sparkreel.jobs.dataset.BucketingManifest;
import io.sparkreel.jobs.dataset.ClipParts;
import io.sparkreel.jobs.error.Outcome;
import io.sparkreel.jobs.quickstart.ContactSheet;
import io.sparkreel.jobs.quickstart.FootageTruth;
import io.sparkreel.jobs.quickstart.Likeness;
import io.sparkreel.jobs.spark.SparkSessions;
import io.sparkreel.jobs.storage.HadoopMediaSource;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.jobs.storage.Tables;
import io.sparkreel.model.command.CommandWords;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Option;

/**
 * The last part of the quickstart: sets each sampled clip beside the clip it should resemble, and says what the
 * loss and the likeness came to.
 */
public final class QuickstartSummary {
    private static final double RECOGNISABLE = 3; // dB over the best single colour

    private final SparkSession spark;
    private final HadoopStorage output;
    private final PrintStream out;

    private static final class Options {
        @Option(names = "--output", required = true, paramLabel = "DIR", description = "folder of a quickstart")
        private String output;
    }

    private QuickstartSummary(SparkSession spark, HadoopStorage output, PrintStream out) {
        this.spark = spark;
        this.output = output;
        this.out = out;
    }

    /** Entry point: {@code --output DIR}, the folder of a quickstart. */
    public static void main(String[] arguments) {
        System.exit(Outcome.of(
                () -> {
                    Options options = CommandWords.read(new Options(), "summarise a quickstart", arguments);
                    try (SparkSession spark = SparkSessions.start("sparkreel quickstart summary")) {
                        HadoopStorage output =
                                new HadoopStorage(spark.sparkContext().hadoopConfiguration(), options.output);
                        new QuickstartSummary(spark, output, System.out).run();
                    }
                },
                System.err));
    }

    private void run() throws Exception {
        BucketingManifest manifest = BucketingManifest.read(output);
        out.println();
        out.printf(
                Locale.ROOT,
                "%d clips read, %d files put aside: %s%n",
                manifest.contents().clips(),
                manifest.contents().quarantined(),
                output.uri(manifest.folder(BucketingManifest.QUARANTINE)));
        FootageTruth.print(spark, output, out);
        printLoss();
        printLikeness(manifest);
        out.println("checkpoints:   " + output + "/run");
        out.println("videos:        " + output + "/videos");
    }

    private void printLoss() throws IOException {
        ObjectMapper json = new ObjectMapper();
        List<double[]> lines = new ArrayList<>(); // step, mse
        double total = 0;
        try (var in = output.open("run/log.jsonl")) {
            for (String line : new String(in.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8)
                    .lines()
                    .toList()) {
                JsonNode node = json.readTree(line);
                if (node.get("event").asText().equals("step")) {
                    lines.add(new double[] {
                        node.get("step").asDouble(), node.get("mse").asDouble()
                    });
                    total = node.get("total_steps").asDouble();
                }
            }
        }
        double tenth = total / 10;
        double end = total;
        double first = lines.stream()
                .filter(line -> line[0] <= tenth)
                .mapToDouble(line -> line[1])
                .average()
                .orElse(Double.NaN);
        double last = lines.stream()
                .filter(line -> line[0] > end - tenth)
                .mapToDouble(line -> line[1])
                .average()
                .orElse(Double.NaN);
        out.printf(
                Locale.ROOT,
                "loss:          squared error %.3f in the first tenth of %d steps, %.3f in the last: %.2f times%n",
                first,
                (long) total,
                last,
                last / first);
    }

    private void printLikeness(BucketingManifest manifest) throws Exception {
        Map<String, Row> clips =
                Tables.reader(spark)
                        .parquet(output.uri(manifest.folder(BucketingManifest.CLIPS)))
                        .collectAsList()
                        .stream()
                        .collect(Collectors.toMap(row -> row.getAs("caption"), row -> row, (a, b) -> a));
        List<Row> results = Tables.reader(spark)
                .parquet(output.uri("videos/results"))
                .orderBy("prompt_id")
                .collectAsList();
        ContactSheet sheet = new ContactSheet();
        int recognisable = 0;
        int compared = 0;
        out.println();
        out.println("likeness of each sampled clip to its training clip, PSNR in dB:");
        for (Row result : results) {
            Row clip = clips.get(result.<String>getAs("prompt"));
            if (clip == null || !"ok".equals(result.getAs("status"))) {
                continue;
            }
            int frames = result.getAs("num_frames");
            PixelClip real = real(clip, result, frames, manifest.rule().frameInterval());
            PixelClip sampled = sampled(result, frames);
            double likeness = Likeness.psnr(real, sampled);
            double colour = Likeness.psnrOfBestColour(real);
            compared++;
            if (likeness >= colour + RECOGNISABLE) {
                recognisable++;
            }
            sheet.add(real, sampled);
            out.printf(
                    Locale.ROOT,
                    "  row %2d  %5.1f  (best single colour %5.1f, %+5.1f)  %s%n",
                    compared,
                    likeness,
                    colour,
                    likeness - colour,
                    result.<String>getAs("prompt"));
        }
        out.printf(
                Locale.ROOT,
                "%d of %d are at least %.0f dB closer than the best single colour.%n",
                recognisable,
                compared,
                RECOGNISABLE);
        Path png = output.localPath("contact-sheet.png").orElseThrow();
        Files.deleteIfExists(png);
        sheet.write(png);
        out.println();
        out.println(
                "contact sheet: " + png + "  (left the real clip, right the sampled one: first, middle, last frame)");
    }

    /** The training clip at the size of the sample, from the middle of the times at which training may begin. */
    private PixelClip real(Row clip, Row result, int frames, int frameInterval) throws Exception {
        MediaKind kind = MediaKind.fromTableValue(clip.getAs("kind"));
        int[] indices = kind == MediaKind.IMAGE
                ? new int[] {0}
                : TemporalSampling.frameIndices(clip.<Integer>getAs("num_frames"), frames, frameInterval, 0.5);
        return read(clip.getAs("uri"), kind, ClipParts.of(clip), indices, result);
    }

    private PixelClip sampled(Row result, int frames) throws Exception {
        int[] indices = new int[frames];
        for (int i = 0; i < frames; i++) {
            indices[i] = i;
        }
        return read(
                result.getAs("uri"), frames == 1 ? MediaKind.IMAGE : MediaKind.VIDEO, Excerpt.WHOLE, indices, result);
    }

    private PixelClip read(String uri, MediaKind kind, Excerpt part, int[] indices, Row result) throws Exception {
        Configuration hadoop = spark.sparkContext().hadoopConfiguration();
        org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(uri);
        long length = path.getFileSystem(hadoop).getFileStatus(path).getLen();
        try (HadoopMediaSource source = HadoopMediaSource.open(hadoop, uri, length)) {
            return ClipReader.read(
                    source,
                    kind,
                    part,
                    indices,
                    new ClipReader.Target(
                            FrameTransform.RESIZE_CROP,
                            result.<Integer>getAs("height"),
                            result.<Integer>getAs("width"),
                            PictureRules.SHOWN));
        }
    }
}
