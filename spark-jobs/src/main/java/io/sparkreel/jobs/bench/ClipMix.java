// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.bench;

import io.sparkreel.bucketing.bucket.KeyedOrder;
import io.sparkreel.jobs.dataset.ClipTables;
import java.sql.Timestamp;
import java.util.Locale;
import java.util.Random;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;

/**
 * Clips that exist in numbers only, for benchmarks: 9.7 videos to 2.6 images, as Open-Sora 1.1 was trained on; videos
 * with log-normal lengths around seven seconds, four in five of them 720p.
 */
public final class ClipMix {
    private static final double VIDEOS = 9.7 / (9.7 + 2.6);
    private static final double MEDIAN_SECONDS = 7;
    private static final double SPREAD = 0.6;
    private static final double[] RATES = {24, 25, 30000.0 / 1001, 30};
    private static final int[][] VIDEO_SIZES = {{640, 360}, {854, 480}, {1920, 1080}, {720, 1280}};
    private static final int[][] IMAGE_SIZES = {
        {512, 512}, {640, 480}, {800, 600}, {1024, 768}, {768, 1024}, {1024, 1024}, {1600, 1067}, {2000, 3000}
    };

    private ClipMix() {}

    /** A clip: one frame for an image. */
    record Shape(int width, int height, int frames, double fps) {}

    /** The clip of a number. */
    static Shape shape(long number) {
        Random random = new Random(KeyedOrder.key(17, 4, number));
        if (random.nextDouble() >= VIDEOS) {
            int[] size = IMAGE_SIZES[random.nextInt(IMAGE_SIZES.length)];
            return new Shape(size[0], size[1], 1, 0);
        }
        double seconds = MEDIAN_SECONDS * Math.exp(SPREAD * random.nextGaussian());
        double fps = RATES[random.nextInt(RATES.length)];
        int[] size =
                random.nextDouble() < 0.8 ? new int[] {1280, 720} : VIDEO_SIZES[random.nextInt(VIDEO_SIZES.length)];
        return new Shape(size[0], size[1], Math.max(2, (int) Math.round(seconds * fps)), fps);
    }

    /** Identity of the clip of a number. */
    static long clipId(long number) {
        return KeyedOrder.key(17, 5, number);
    }

    /** The table {@code clips} of so many of them. */
    public static Dataset<Row> table(SparkSession spark, long clips) {
        return spark.range(clips).map((MapFunction<Long, Row>) ClipMix::row, Encoders.row(ClipTables.CLIPS));
    }

    private static Row row(long number) {
        Shape shape = shape(number);
        boolean image = shape.frames() == 1;
        String uri = String.format(
                Locale.ROOT, "s3a://clips/part-%03d/%016x.%s", number % 1000, clipId(number), image ? "jpg" : "mp4");
        String caption = "Clip number " + number + " of a large collection: what it shows would be told here in a"
                + " sentence of about this length.";
        return RowFactory.create(
                clipId(number),
                uri,
                image ? "image" : "video",
                shape.width(),
                shape.height(),
                0,
                shape.frames(),
                shape.fps(),
                image ? 0 : shape.frames() / shape.fps(),
                image ? "mjpeg" : "h264",
                1_000_000L + number,
                new Timestamp(1_700_000_000_000L),
                caption,
                12,
                null,
                null,
                false,
                null,
                null,
                null,
                null,
                null,
                null,
                null);
    }
}
