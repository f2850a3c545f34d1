// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.bench;

import io.sparkreel.bucketing.media.MediaException;
import io.sparkreel.bucketing.media.MediaProbe;
import io.sparkreel.bucketing.media.ProbeOptions;
import io.sparkreel.bucketing.media.crash.CrashGuard;
import io.sparkreel.jobs.error.Outcome;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.inventory.MediaInventory;
import io.sparkreel.jobs.storage.HadoopMediaSource;
import io.sparkreel.model.bench.Report;
import io.sparkreel.model.command.CommandWords;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import picocli.CommandLine.Parameters;

/**
 * Measures probing the files of a local folder on one core, as a task of the bucketing job does it, against one
 * {@code ffprobe} process for each file, in turn.
 */
public final class ProbeBenchmark {
    private static final double NANOSECONDS = 1e9;
    private static final double WARMUP_S = 5;
    private static final double ROUND_S = 3;
    private static final int ROUNDS = 3;
    private static final int PROCESS_LIMIT_S = 60;
    private static final List<String> FFPROBE =
            List.of("ffprobe", "-v", "error", "-select_streams", "v", "-show_streams", "-of", "json");

    private final List<Path> files;
    private final Configuration configuration = new Configuration();
    private final Path marks;
    private int next;

    private static final class Options {
        @Parameters(index = "0", paramLabel = "DIR", description = "local folder of media files")
        private Path folder;
    }

    private ProbeBenchmark(List<Path> files, Path marks) {
        this.files = files;
        this.marks = marks;
    }

    /** @param words the folder */
    public static void main(String[] words) {
        System.exit(Outcome.of(() -> System.out.println(measure(words)), System.err));
    }

    private static Report measure(String... words) throws IOException, InterruptedException {
        Path folder = folder(words);
        List<Path> files;
        try (Stream<Path> walk = Files.walk(folder)) {
            files = walk.filter(Files::isRegularFile)
                    .filter(file -> MediaInventory.isMedia(file.getFileName().toString()))
                    .sorted()
                    .toList();
        }
        if (files.isEmpty()) {
            throw new UserError(
                    "Cannot measure probing: " + folder + " holds no media files. Give a folder with some.");
        }
        Path marks = Files.createTempDirectory("sparkreel-bench");
        return new ProbeBenchmark(files, marks).measure(folder);
    }

    private static Path folder(String[] words) {
        Path folder = CommandWords.read(new Options(), "measure probing", words).folder;
        if (!Files.isDirectory(folder)) {
            throw new UserError(
                    "Cannot measure probing: there is no folder " + folder + ". Give a local folder of media.");
        }
        return folder;
    }

    private Report measure(Path folder) throws IOException, InterruptedException {
        Report line = new Report("probe").put("folder", folder.toString()).put("files", files.size());
        boolean compare = isThere();
        try (CrashGuard guard = CrashGuard.open(marks)) {
            rate(WARMUP_S, file -> probe(file, guard));
            double ours = 0;
            double theirs = 0;
            for (int round = 0; round < ROUNDS; round++) {
                ours = Math.max(ours, rate(ROUND_S, file -> probe(file, guard)));
                theirs = compare ? Math.max(theirs, rate(ROUND_S, ProbeBenchmark::ffprobe)) : 0;
            }
            line.put("files_per_s_per_core", ours);
            if (compare) {
                line.put("ffprobe_files_per_s_per_core", theirs).put("times_ffprobe", ours / theirs);
            } else {
                line.put("ffprobe", "not installed, so not compared");
            }
            return line;
        }
    }

    private interface Work {
        void on(Path file) throws IOException, InterruptedException;
    }

    /** Files per second of one thread, which goes round through the folder. */
    private double rate(double seconds, Work work) throws IOException, InterruptedException {
        long begin = System.nanoTime();
        int done = 0;
        double passed = 0;
        while (passed < seconds) {
            work.on(files.get(next++ % files.size()));
            done++;
            passed = (System.nanoTime() - begin) / NANOSECONDS;
        }
        return done / passed;
    }

    /** With all that a task does around the probe. */
    @SuppressWarnings("try") // the opening is held, not used
    private void probe(Path file, CrashGuard guard) throws IOException {
        String uri = file.toUri().toString();
        try (CrashGuard.Opening opening = guard.enter(uri);
                HadoopMediaSource source = HadoopMediaSource.open(configuration, uri, Files.size(file))) {
            MediaProbe.probe(source, ProbeOptions.DEFAULT);
        } catch (MediaException putAside) {
            return; // has been probed all the same
        }
    }

    private static void ffprobe(Path file) throws IOException, InterruptedException {
        List<String> command =
                Stream.concat(FFPROBE.stream(), Stream.of(file.toString())).toList();
        Process process = new ProcessBuilder(command)
                .redirectOutput(Redirect.DISCARD)
                .redirectError(Redirect.DISCARD)
                .start();
        if (!process.waitFor(PROCESS_LIMIT_S, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IOException("ffprobe did not end over " + file);
        }
    }

    private static boolean isThere() throws InterruptedException {
        try {
            Process process = new ProcessBuilder("ffprobe", "-version")
                    .redirectOutput(Redirect.DISCARD)
                    .redirectError(Redirect.DISCARD)
                    .start();
            return process.waitFor(PROCESS_LIMIT_S, TimeUnit.SECONDS) && process.exitValue() == 0;
        } catch (IOException e) {
            return false;
        }
    }
}
