// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.jobs.Launcher;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Two jobs, the second of which starts when the first may not have ended, and who owned their folder when.
 *
 * @param first the one that starts first
 * @param second the other
 */
record JobPair(Run first, Run second) {
    static final String CLAIMS = ".sparkreel-lease";

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern OTHER = Pattern.compile("sparkreel: Cannot write to \\S+: the (\\w+) job that started"
            + " on (\\S+) \\(process (\\d+)\\) at \\S+ works there\\. Wait for its end, or give another --[a-z-]+\\.");
    private static final Pattern EARLIER = Pattern.compile(
            "sparkreel: Cannot (write to \\S+: it holds an earlier run|begin a run in \\S+: it holds checkpoints)\\b.*");

    /** How a job came out. */
    enum Outcome {
        DONE,
        /** Another job works in its folder. */
        REFUSED,
        /** Another job has worked in its folder, and what it left is not to be replaced. */
        TOO_LATE
    }

    /**
     * A job as a user starts it.
     *
     * @param launcher such as bucketing
     * @param job what messages call it, such as bucketing
     */
    record Job(String launcher, String job, List<String> arguments) {}

    /** A job that has ended. */
    record Run(Job job, long process, Launcher.Ended ended) {
        boolean isDone() {
            return ended.code() == 0;
        }
    }

    /** Something that starts jobs of one kind. */
    interface Start {
        Launcher.Ended run(Job job, Launcher.Incident incident) throws Exception;
    }

    /**
     * Starts both, and lets none own the folder while the other does.
     *
     * @param folder that both write to, as a folder of this machine
     * @param offsetMillis between the starts
     */
    static JobPair run(Start start, Path folder, Job first, Job second, long offsetMillis) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try (Claims claims = new Claims(folder)) {
            Future<Run> one = threads.submit(running(start, first));
            Thread.sleep(offsetMillis);
            Future<Run> other = threads.submit(running(start, second));
            JobPair pair = new JobPair(one.get(), other.get());
            claims.assertOneAtATime();
            return pair;
        } finally {
            threads.shutdownNow();
        }
    }

    private static Callable<Run> running(Start start, Job job) {
        long[] process = new long[1];
        return () -> {
            Launcher.Ended ended = start.run(job, (launched, log) -> process[0] = launched.pid());
            return new Run(job, process[0], ended);
        };
    }

    Outcome ofFirst() throws IOException {
        return outcome(first, second);
    }

    Outcome ofSecond() throws IOException {
        return outcome(second, first);
    }

    private static Outcome outcome(Run run, Run other) throws IOException {
        String output = run.ended().output();
        assertFalse(output.contains("Cannot guard"), output);
        if (run.isDone()) {
            return Outcome.DONE;
        }
        assertEquals(2, run.ended().code(), output);
        List<String> told =
                output.lines().filter(line -> line.startsWith("sparkreel: ")).toList();
        assertEquals(1, told.size(), output);
        assertFalse(output.contains("Exception"), output);
        Matcher owner = OTHER.matcher(told.get(0));
        if (owner.matches()) {
            assertEquals(other.job().job(), owner.group(1), output);
            assertEquals(InetAddress.getLocalHost().getHostName(), owner.group(2), output);
            assertEquals(other.process(), Long.parseLong(owner.group(3)), output);
            return Outcome.REFUSED;
        }
        assertTrue(EARLIER.matcher(told.get(0)).matches(), output);
        return Outcome.TOO_LATE;
    }

    /** Both outputs, for messages. */
    String outputs() {
        return first.ended().output() + "\n---\n" + second.ended().output();
    }

    /** The claims of a folder that nobody has ended. */
    static List<Path> claimsIn(Path folder) throws IOException {
        Path claims = folder.resolve(CLAIMS);
        if (!Files.exists(claims)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(claims)) {
            return files.filter(file -> file.toString().endsWith(".json")).toList();
        }
    }

    /** Looks every few milliseconds whose claims there are. */
    private static final class Claims implements AutoCloseable {
        private static final long PAUSE_MS = 5;

        /** When a process was first and last seen to own the folder. */
        private record Seen(long first, long last) {}

        private final Path folder;
        private final Map<Long, Seen> byProcess = new ConcurrentHashMap<>();
        private final Thread watch = new Thread(this::look, "claims");
        private volatile boolean ended;

        Claims(Path folder) {
            this.folder = folder;
            watch.setDaemon(true);
            watch.start();
        }

        private void look() {
            while (!ended) {
                long now = System.nanoTime();
                for (long process : owners()) {
                    byProcess.merge(process, new Seen(now, now), (seen, again) -> new Seen(seen.first(), now));
                }
                try {
                    Thread.sleep(PAUSE_MS);
                } catch (InterruptedException e) {
                    return;
                }
            }
        }

        private List<Long> owners() {
            List<Long> owners = new ArrayList<>();
            try {
                for (Path claim : claimsIn(folder)) {
                    owners.add(JSON.readTree(Files.readAllBytes(claim))
                            .path("process")
                            .asLong());
                }
            } catch (NoSuchFileException e) {
                return owners; // it has just ended
            } catch (IOException | java.io.UncheckedIOException e) {
                return owners; // it is just being written
            }
            owners.removeIf(process -> process == 0);
            return owners;
        }

        /** A job that was killed has ended when its folder is taken over. */
        void assertOneAtATime() {
            List<Seen> seen = new ArrayList<>(byProcess.values());
            for (int i = 0; i < seen.size(); i++) {
                for (int j = 0; j < i; j++) {
                    assertTrue(
                            seen.get(i).last() - seen.get(j).first() < 0
                                    || seen.get(j).last() - seen.get(i).first() < 0,
                            "two own " + folder + " at a time: processes " + byProcess.keySet());
                }
            }
        }

        @Override
        public void close() throws InterruptedException {
            ended = true;
            watch.join(TimeUnit.SECONDS.toMillis(10));
        }
    }
}
