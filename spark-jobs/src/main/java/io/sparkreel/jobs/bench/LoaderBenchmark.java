// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.bench;

import io.sparkreel.bucketing.media.ClipReader;
import io.sparkreel.bucketing.media.MediaException;
import io.sparkreel.bucketing.media.MediaKind;
import io.sparkreel.bucketing.media.MediaProbe;
import io.sparkreel.bucketing.media.MediaSource;
import io.sparkreel.bucketing.media.PictureRules;
import io.sparkreel.bucketing.media.ProbeOptions;
import io.sparkreel.bucketing.media.range.TemporalSampling;
import io.sparkreel.bucketing.media.scale.FrameTransform;
import io.sparkreel.jobs.error.Outcome;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.storage.HadoopMediaSource;
import io.sparkreel.model.bench.Report;
import io.sparkreel.model.command.CommandWords;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Measures how many clips a core decodes and brings to a size, in turn with the ffmpeg program doing the same: the same
 * frames of the same window, scaled to cover the size and cut to it, as raw RGB.
 */
public final class LoaderBenchmark {
    private static final int FRAMES = 16;
    private static final int INTERVAL = 3;
    private static final int[][] SIZES = {{144, 256}, {240, 426}};
    private static final String VIDEOS = ".*\\.(mp4|mov|m4v|mkv|webm|avi|ts)";

    /** A video that is long enough. */
    private record Video(Path file, int[] frames) {}

    private LoaderBenchmark() {}

    /** @param words see {@code submit/bench --help} */
    public static void main(String[] words) {
        System.exit(Outcome.of(() -> run(CommandWords.read(new Options(), "measure the loader", words)), System.err));
    }

    private static void run(Options options) throws Exception {
        List<Video> videos = videos(options.folder);
        for (int[] size : SIZES) {
            System.out.println(measure(videos, size[0], size[1], options.rounds, options.ffmpeg));
        }
    }

    private static final class Options {
        @Parameters(index = "0", paramLabel = "DIR", description = "local folder of videos")
        private Path folder;

        @Option(names = "--rounds", defaultValue = "3", paramLabel = "N", description = "times through the folder")
        private int rounds;

        @Option(names = "--ffmpeg", defaultValue = "ffmpeg", paramLabel = "PROGRAM")
        private String ffmpeg;
    }

    private static List<Video> videos(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new UserError(
                    "Cannot measure the loader on " + folder + ": there is no such folder. Give one of videos.");
        }
        List<Video> videos = new ArrayList<>();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(path ->
                            path.toString().toLowerCase(java.util.Locale.ROOT).matches(VIDEOS))
                    .sorted()
                    .toList()) {
                try (MediaSource source = open(file)) {
                    int frames = MediaProbe.probe(source, ProbeOptions.DEFAULT).numFrames();
                    if (frames > FRAMES * INTERVAL) {
                        videos.add(new Video(file, TemporalSampling.frameIndices(frames, FRAMES, INTERVAL, 0)));
                    }
                } catch (MediaException e) {
                    System.err.println("sparkreel: leaving out " + file + ": " + e.getMessage());
                }
            }
        }
        if (videos.isEmpty()) {
            throw new UserError("Cannot measure the loader on " + folder + ": it has no video of more than "
                    + FRAMES * INTERVAL + " frames. Give a folder that has.");
        }
        return videos;
    }

    private static HadoopMediaSource open(Path file) throws IOException {
        return HadoopMediaSource.open(new Configuration(), file.toUri().toString(), Files.size(file));
    }

    private static Report measure(List<Video> videos, int height, int width, int rounds, String ffmpeg)
            throws Exception {
        double ours = 0;
        double theirs = 0;
        for (Video video : videos) { // everything once for nothing
            decode(video, height, width);
            run(ffmpeg, video, height, width);
        }
        for (int round = 0; round < rounds; round++) {
            for (Video video : videos) {
                long begin = System.nanoTime();
                decode(video, height, width);
                long middle = System.nanoTime();
                run(ffmpeg, video, height, width);
                ours += (middle - begin) / 1e9;
                theirs += (System.nanoTime() - middle) / 1e9;
            }
        }
        int clips = rounds * videos.size();
        return new Report("loader")
                .put("size", FRAMES + "x" + height + "x" + width)
                .put("clips", clips)
                .put("clips_per_s_per_core", clips / ours)
                .put("ffmpeg_clips_per_s_per_core", clips / theirs)
                .put("of_ffmpeg", theirs / ours);
    }

    private static void decode(Video video, int height, int width) throws Exception {
        try (MediaSource source = open(video.file())) {
            ClipReader.read(
                    source,
                    MediaKind.VIDEO,
                    video.frames(),
                    new ClipReader.Target(FrameTransform.RESIZE_CROP, height, width, PictureRules.SHOWN));
        }
    }

    /** One thread, no sound, frames chosen by number, and an end after the last of them. */
    private static void run(String ffmpeg, Video video, int height, int width) throws Exception {
        String chosen = IntStream.of(video.frames())
                .mapToObj(frame -> "eq(n\\," + frame + ")")
                .collect(Collectors.joining("+"));
        String filter = "select='" + chosen + "',scale=" + width + ":" + height
                + ":force_original_aspect_ratio=increase:flags=bilinear,crop=" + width + ":" + height;
        Process process;
        try {
            process = new ProcessBuilder(
                            ffmpeg,
                            "-v",
                            "error",
                            "-nostdin",
                            "-threads",
                            "1",
                            "-filter_threads",
                            "1",
                            "-i",
                            video.file().toString(),
                            "-an",
                            "-vf",
                            filter,
                            "-vsync",
                            "0",
                            "-frames:v",
                            Integer.toString(FRAMES),
                            "-f",
                            "rawvideo",
                            "-pix_fmt",
                            "rgb24",
                            "-y",
                            "/dev/null")
                    .inheritIO()
                    .start();
        } catch (IOException e) {
            throw new UserError(
                    "Cannot compare with ffmpeg: there is no program " + ffmpeg
                            + ". Install it, or say where it is with --ffmpeg.",
                    e);
        }
        if (!process.waitFor(5, TimeUnit.MINUTES) || process.exitValue() != 0) {
            process.destroyForcibly();
            throw new UserError("Cannot compare with ffmpeg: it failed on " + video.file() + ". Leave that file out.");
        }
    }
}
