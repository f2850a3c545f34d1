// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.sparkreel.bucketing.media.ClipReader;
import io.sparkreel.bucketing.media.MediaKind;
import io.sparkreel.bucketing.media.MediaSource;
import io.sparkreel.bucketing.media.PictureRules;
import io.sparkreel.bucketing.media.PixelClip;
import io.sparkreel.bucketing.media.range.Excerpt;
import io.sparkreel.bucketing.media.range.FrameRange;
import io.sparkreel.bucketing.media.scale.FrameTransform;
import io.sparkreel.bucketing.media.write.PixelImages;
import io.sparkreel.bucketing.media.write.VideoWriter;
import io.sparkreel.jobs.BucketedMedia;
import io.sparkreel.jobs.LocalSpark;
import io.sparkreel.jobs.encode.EncodeRun;
import io.sparkreel.jobs.storage.FolderLease;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Ranges of a long film are the clips that one would have cut out of it. */
@Timeout(600)
class RangesTest {
    private static final int WIDTH = 64;
    private static final int HEIGHT = 48;
    private static final int FRAMES = 120;
    private static final int[][] RANGES = {{7, 30}, {47, 61}, {61, 90}, {100, 120}};

    @TempDir
    static Path work;

    @BeforeAll
    static void writeFilms() throws Exception {
        Path film = work.resolve("film.mp4");
        try (VideoWriter writer = VideoWriter.mp4(film, WIDTH, HEIGHT, 10)) {
            for (int frame = 0; frame < FRAMES; frame++) {
                writer.write(picture(frame));
            }
        }
        StringBuilder ranges = new StringBuilder("path,id,text,start_frame,end_frame\n");
        StringBuilder cuts = new StringBuilder("path,id,text\n");
        for (int i = 0; i < RANGES.length; i++) {
            RawFilm.write(work.resolve("cut-" + i + ".avi"), film(film, RANGES[i][0], RANGES[i][1]), 10);
            ranges.append("film.mp4,clip-%d,scene %d,%d,%d\n".formatted(i, i, RANGES[i][0], RANGES[i][1]));
            cuts.append("cut-%d.avi,clip-%d,scene %d\n".formatted(i, i, i));
        }
        // An id stands for a clip together with the length of its file.
        long length = 1_000_000;
        pad(film, length);
        for (int i = 0; i < RANGES.length; i++) {
            pad(work.resolve("cut-" + i + ".avi"), length);
        }
        bucket("ranges", ranges.toString());
        bucket("cuts", cuts.toString());
    }

    /** Shapes that move, so that frames refer to others. */
    private static byte[] picture(int frame) {
        byte[] rgb = new byte[3 * WIDTH * HEIGHT];
        for (int row = 0; row < HEIGHT; row++) {
            for (int column = 0; column < WIDTH; column++) {
                int at = 3 * (row * WIDTH + column);
                rgb[at] = (byte) (4 * (column + frame));
                rgb[at + 1] = (byte) (5 * (row + 2 * frame));
                rgb[at + 2] = (byte) ((column - frame) * row / 4);
            }
        }
        return rgb;
    }

    /** A free box or chunk at the end. */
    private static void pad(Path file, long length) throws IOException {
        int missing = Math.toIntExact(length - Files.size(file));
        ByteBuffer box = ByteBuffer.allocate(missing);
        box.putInt(missing).put("free".getBytes(StandardCharsets.US_ASCII));
        try (OutputStream out = Files.newOutputStream(file, StandardOpenOption.APPEND)) {
            out.write(box.array());
        }
    }

    private static PixelClip read(Path file, Excerpt part, int frames) throws Exception {
        try (MediaSource source = MediaSource.of(file)) {
            return ClipReader.read(
                    source,
                    MediaKind.VIDEO,
                    part,
                    IntStream.range(0, frames).toArray(),
                    new ClipReader.Target(FrameTransform.RESIZE_CROP, HEIGHT, WIDTH, PictureRules.SHOWN));
        }
    }

    /** Frames of a film, decoded from its beginning, as bytes. */
    private static List<byte[]> film(Path file, int start, int end) throws Exception {
        PixelClip all = read(file, Excerpt.WHOLE, FRAMES);
        return IntStream.range(start, end)
                .mapToObj(frame -> PixelImages.toRgb24(all, frame))
                .toList();
    }

    private static void bucket(String name, String table) throws IOException {
        BucketedMedia.run(BucketedMedia.config(
                Files.writeString(work.resolve(name + ".csv"), table),
                work.resolve(name),
                "resolutions: {tiny: {pixels: 1024, ratios: {\"1.00\": [32, 32]}}}",
                "bucket_config: {tiny: {4: [1.0, 1]}}",
                "frame_interval: 3"));
    }

    private static TreeMap<Long, Double> train(String data, String run, String more, String... lines)
            throws IOException {
        List<String> all = new ArrayList<>(List.of(lines));
        all.addAll(List.of("epochs: 5", "micro_batches_per_step: 2", dataset(data, more)));
        TrainingData.train(TrainingData.config(work.resolve(data), work.resolve(run), all.toArray(String[]::new)));
        return TrainingData.losses(work.resolve(run));
    }

    private static String dataset(String data, String more) {
        return "dataset: {data_path: '" + work.resolve(data)
                + "', transform_name: resize_crop, frame_interval: 3, features_dtype: fp32" + more + "}";
    }

    @Test
    void aRangeIsToTheBitTheFramesInAFileOfTheirOwn() throws Exception {
        for (int i = 0; i < RANGES.length; i++) {
            FrameRange range = new FrameRange(RANGES[i][0], RANGES[i][1]);
            assertArrayEquals(
                    read(work.resolve("cut-" + i + ".avi"), Excerpt.WHOLE, range.length())
                            .values(),
                    read(work.resolve("film.mp4"), new Excerpt(range, null), range.length())
                            .values());
        }
    }

    @Test
    void tenStepsHaveTheLossesOfFilesCutOutBefore() throws Exception {
        TreeMap<Long, Double> cuts = train("cuts", "run-cuts", "");
        assertEquals(10, cuts.size());
        assertEquals(cuts, train("ranges", "run-ranges", ""));
        assertEquals(cuts, train("ranges", "run-cached", "", "decode_cache_mib: 64"));
        List<Row> planned = LocalSpark.session()
                .read()
                .option("recursiveFileLookup", "true")
                .parquet(work.resolve("run-ranges/plan").toString())
                .where("epoch = 0")
                .selectExpr("start_frame", "end_frame", "num_frames")
                .orderBy("start_frame")
                .collectAsList();
        assertEquals(
                List.of("[7,30,23]", "[47,61,14]", "[61,90,29]", "[100,120,20]"),
                planned.stream().map(Row::toString).toList());
    }

    @Test
    void storedFeaturesAreThoseOfTheRanges() throws Exception {
        TreeMap<Long, Double> online = train("ranges", "run-online", ", temporal_windows: 2");
        Path features = work.resolve("features");
        EncodeRun.prepare(
                        TrainingData.config(
                                work.resolve("ranges"),
                                work,
                                dataset("ranges", ", temporal_windows: 2, features: '" + features + "'")),
                        new Configuration())
                .execute(LocalSpark.session(), 1, FolderLease.none());
        TreeMap<Long, Double> stored = train("ranges", "run-stored", ", features: '" + features + "'");
        assertEquals(online.keySet(), stored.keySet());
        online.forEach((step, loss) -> assertEquals(loss, stored.get(step), 1e-4 * loss, "loss of step " + step));
    }
}
