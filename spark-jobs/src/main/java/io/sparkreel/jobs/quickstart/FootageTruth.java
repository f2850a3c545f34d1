// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.quickstart;

import io.sparkreel.jobs.dataset.CurateManifest;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.jobs.storage.Tables;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Sets what a curation run found in the films of the quickstart beside how they were made. */
public final class FootageTruth {
    private static final String NAME = "footage/truth.csv";

    private FootageTruth() {}

    /** Prints a line for each piece of the films, if the quickstart made any. */
    public static void print(SparkSession spark, HadoopStorage output, PrintStream out) throws IOException {
        if (!output.exists(NAME)) {
            return;
        }
        HadoopStorage curated = new HadoopStorage(spark.sparkContext().hadoopConfiguration(), output.uri("curated"));
        CurateManifest manifest = CurateManifest.find(curated).orElseThrow();
        List<Row> clips = Tables.reader(spark)
                .parquet(curated.uri(manifest.folder(CurateManifest.CLIPS)))
                .where("kind = 'video'")
                .orderBy("path", "start_frame")
                .collectAsList();
        String truth;
        try (InputStream in = output.open(NAME)) {
            truth = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
        out.println();
        out.println("what the films were made of, and what curation found:");
        for (String line : truth.lines().skip(1).toList()) {
            String[] made = line.split(",", -1);
            int start = Integer.parseInt(made[2]);
            int end = Integer.parseInt(made[3]);
            out.printf(
                    Locale.ROOT,
                    "  %s %4d to %4d  %-21s %-8s %s%n",
                    made[0],
                    start,
                    end - 1,
                    made[1],
                    made[4],
                    found(clips, made[0], start, end));
        }
    }

    private static String found(List<Row> clips, String film, int start, int end) {
        return clips.stream()
                .filter(clip -> clip.getAs("path").equals(film))
                .filter(clip -> Math.min(end, clip.<Integer>getAs("end_frame"))
                                - Math.max(start, clip.<Integer>getAs("start_frame"))
                        > (end - start) / 2)
                .findFirst()
                .map(FootageTruth::text)
                .orElse("no clip");
    }

    private static String text(Row clip) {
        List<String> reasons = clip.getList(clip.fieldIndex("reasons"));
        Integer width = clip.getAs("crop_w");
        return String.format(
                Locale.ROOT,
                "%4d to %4d  %s%s",
                clip.<Integer>getAs("start_frame"),
                clip.<Integer>getAs("end_frame") - 1,
                reasons.isEmpty() ? "kept" : "out: " + String.join(", ", reasons),
                width == null ? "" : ", cropped to " + width + "x" + clip.<Integer>getAs("crop_h"));
    }
}
