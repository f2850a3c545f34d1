// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.bench;

import io.sparkreel.bucketing.curate.clip.VerdictRule;
import io.sparkreel.bucketing.curate.signal.FrameSignals;
import io.sparkreel.bucketing.curate.signal.Signal;
import io.sparkreel.bucketing.curate.signal.SignalOptions;
import io.sparkreel.bucketing.curate.signal.SignalPass;
import io.sparkreel.bucketing.media.FootageReader;
import io.sparkreel.bucketing.media.MediaException;
import io.sparkreel.bucketing.media.MediaSource;
import io.sparkreel.jobs.config.curate.CurateConfig;
import io.sparkreel.jobs.config.reader.ConfigLoader;
import io.sparkreel.jobs.error.Outcome;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.inventory.MediaInventory;
import io.sparkreel.jobs.spark.SparkSessions;
import io.sparkreel.model.bench.Report;
import io.sparkreel.model.command.CommandWords;
import io.sparkreel.model.command.Range;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Measures how much faster than real time one core decodes the videos of a local folder, and takes signals of them as
 * the curation job does. Time is that of the thread on its processor, so that what else runs on the machine matters
 * little.
 */
public final class CurateBenchmark {

    private CurateBenchmark() {}

    /** What is done with every frame. */
    private enum Way {
        /** Nothing. */
        DECODE,
        /** What the content detector needs. */
        CONTENT,
        /** All signals, of small pictures. */
        DEFAULT,
        /** All signals, those that are not of the detectors of full-size planes. */
        FULL;

        FrameSignals run(FootageReader reader) throws MediaException, IOException {
            return SignalPass.whole(reader, options());
        }

        private SignalOptions options() {
            SignalOptions usual = SignalOptions.DEFAULT;
            return switch (this) {
                case CONTENT -> usual.only(Set.of(Signal.CONTENT));
                case FULL ->
                    new SignalOptions(
                            usual.shotSize(), 0, usual.taken(), usual.blackLevel(), usual.noise(), usual.barLimit());
                default -> usual;
            };
        }

        String key() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** A video and the least time that each way took. */
    private record Video(Path file, FrameSignals signals, Map<Way, Double> cpuSeconds) {

        double seconds() {
            return signals.timeline().duration();
        }
    }

    private static final class Options {
        @Parameters(index = "0", paramLabel = "DIR", description = "local folder of videos")
        private Path folder;

        @Option(names = "--rounds", defaultValue = "3", paramLabel = "N", description = "times through the folder")
        private int rounds;

        @Option(names = "--clips", defaultValue = "2000000", paramLabel = "N", description = "that are judged")
        @Range(least = 1)
        private long clips;
    }

    /** @param words see {@code submit/bench --help} */
    public static void main(String[] words) {
        System.exit(Outcome.of(
                () -> {
                    Options options = CommandWords.read(new Options(), "measure curation", words);
                    measure(options.folder, options.rounds).forEach(System.out::println);
                    try (SparkSession spark = SparkSessions.start("sparkreel benchmark of verdicts")) {
                        List<VerdictRule> rules = ConfigLoader.parse(CurateConfig.class, "defaults", "{}", List.of())
                                .config()
                                .reject()
                                .rules();
                        System.out.println(VerdictBenchmark.measure(spark, rules, options.clips, options.rounds));
                    }
                },
                System.err));
    }

    /** A line for each video, and one for all of them. */
    static List<Report> measure(Path folder, int rounds) throws IOException {
        if (rounds < 1) {
            throw new UserError("Cannot measure curation: --rounds is " + rounds + ". Give 1 or more.");
        }
        List<Video> videos = videos(folder);
        for (int round = 0; round < rounds; round++) {
            for (Video video : videos) {
                for (Way way : Way.values()) {
                    video.cpuSeconds.merge(way, cpuSeconds(video.file, way), Math::min);
                }
            }
        }
        List<Report> lines = new ArrayList<>();
        for (Video video : videos) {
            lines.add(line(List.of(video))
                    .put("file", video.file.toString())
                    .put("width", video.signals.width())
                    .put("height", video.signals.height())
                    .put("fps", video.signals.timeline().fps()));
        }
        lines.add(line(videos).put("folder", folder.toString()).put("videos", videos.size()));
        return lines;
    }

    private static Report line(List<Video> videos) {
        Report line = new Report("curate");
        double seconds = videos.stream().mapToDouble(Video::seconds).sum();
        line.put("seconds", seconds);
        double decoding = sum(videos, Way.DECODE);
        for (Way way : Way.values()) {
            line.put(way.key() + "_times_real_time", seconds / sum(videos, way));
        }
        for (Way way : Way.values()) {
            if (way != Way.DECODE) {
                line.put(way.key() + "_of_decode", sum(videos, way) / decoding);
            }
        }
        return line;
    }

    private static double sum(List<Video> videos, Way way) {
        return videos.stream().mapToDouble(video -> video.cpuSeconds.get(way)).sum();
    }

    /** Those that can be measured; all signals are taken once for nothing, so that what is measured is compiled. */
    private static List<Video> videos(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new UserError(
                    "Cannot measure curation: there is no folder " + folder + ". Give a local folder of videos.");
        }
        List<Path> files;
        try (Stream<Path> walk = Files.walk(folder)) {
            files = walk.filter(Files::isRegularFile)
                    .filter(file -> MediaInventory.isMedia(file.getFileName().toString()))
                    .sorted()
                    .toList();
        }
        List<Video> videos = new ArrayList<>();
        for (Path file : files) {
            try {
                FrameSignals signals = null;
                for (Way way : List.of(Way.FULL, Way.CONTENT, Way.DEFAULT)) {
                    try (MediaSource source = MediaSource.of(file);
                            FootageReader reader = FootageReader.open(source)) {
                        signals = way.run(reader);
                    }
                }
                if (signals.frames() > 1) { // else it is a still
                    videos.add(new Video(file, signals, new EnumMap<>(Way.class)));
                }
            } catch (MediaException refused) {
                System.err.println("sparkreel: leaving out " + file + ": " + refused.getMessage());
            }
        }
        if (videos.isEmpty()) {
            throw new UserError(
                    "Cannot measure curation: " + folder + " has no video that can be read. Give a folder with some.");
        }
        return videos;
    }

    private static double cpuSeconds(Path file, Way way) throws IOException {
        long begin = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
        try (MediaSource source = MediaSource.of(file);
                FootageReader reader = FootageReader.open(source)) {
            if (way == Way.DECODE) {
                boolean more = true;
                while (more) {
                    more = reader.next();
                }
            } else {
                way.run(reader);
            }
        } catch (MediaException changed) {
            throw new IOException(file + " could be read before", changed);
        }
        return (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - begin) / 1e9;
    }
}
