// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.storage;

import io.sparkreel.jobs.error.UserError;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.Serializable;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.util.ShutdownHookManager;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/**
 * The right of one driver to write into a folder.
 *
 * <p>Claims are numbered files below {@value #FOLDER}, and the highest number is the owner. A claim is made by creating
 * the next number, which a store lets one of several do. The owner writes its claim anew every {@link Timing#beat}. Who
 * watches a claim for {@link Timing#expiry} and sees no change takes its owner for dead; on the owner's own machine its
 * process is looked up instead. No clock is compared with another, and nothing of another owner is deleted before a
 * claim of one's own stands above it.
 */
public final class FolderLease implements AutoCloseable {
    static final String FOLDER = ".sparkreel-lease";

    private static final Logger LOG = LogManager.getLogger(FolderLease.class);
    private static final Pattern NAME = Pattern.compile("[0-9]{8}\\.json");
    /** After Spark has stopped and before Hadoop closes its file systems. */
    private static final int AFTER_SPARK = 20;

    /**
     * How often an owner gives a sign of life, and how long others wait for one.
     *
     * @param beat between two signs
     * @param expiry without a sign, after which an owner is dead
     * @param nanoTime the clock by which others wait
     */
    record Timing(Duration beat, Duration expiry, LongSupplier nanoTime) {
        static final Timing USUAL = new Timing(Duration.ofSeconds(10), Duration.ofSeconds(60));

        Timing(Duration beat, Duration expiry) {
            this(beat, expiry, System::nanoTime);
        }
    }

    /**
     * What names a claim, for those who commit in the name of its owner.
     *
     * @param name of its file
     * @param id of its owner
     */
    public record Claim(String name, String id) implements Serializable {
        private static final long serialVersionUID = 1L;

        /** Of folders that nobody guards. */
        public static final Claim NONE = new Claim(null, null);

        /**
         * To be called before each commit.
         *
         * @throws UserError if another driver owns the folder by now
         */
        public void requireHeld(HadoopStorage folder) throws IOException {
            if (name == null) {
                return;
            }
            Optional<String> newest = newest(folder);
            Optional<LeaseOwner> owner = newest.flatMap(file -> LeaseOwner.parse(content(folder, file)));
            boolean own = owner.filter(now -> now.id().equals(id)).isPresent();
            if (!own || !newest.get().equals(name)) {
                throw new UserError("Cannot write to " + folder + " any longer: "
                        + owner.map(other -> "the " + other + " has taken it over")
                                .orElse(newest.isPresent() ? "another job has taken it over" : "its lease is gone")
                        + ". Nothing more is written. Start the job again when no other works there.");
            }
        }
    }

    private final HadoopStorage folder;
    private final LeaseOwner owner;
    private final Claim claim;
    private final boolean made;
    private final ScheduledExecutorService heart;
    private final Runnable hook = this::close;
    private long beats;
    private boolean closed;

    /** @param made whether there was no such folder */
    private FolderLease(HadoopStorage folder, boolean made, LeaseOwner owner, Claim claim, Timing timing) {
        this.folder = folder;
        this.made = made;
        this.owner = owner;
        this.claim = claim;
        heart = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "folder-lease");
            thread.setDaemon(true);
            return thread;
        });
        if (claim.name() != null) {
            long period = timing.beat().toMillis();
            var unused = heart.scheduleWithFixedDelay(this::beat, period, period, TimeUnit.MILLISECONDS);
            ShutdownHookManager.get().addShutdownHook(hook, AFTER_SPARK);
        }
    }

    /** For folders that nobody guards. */
    public static FolderLease none() {
        return new FolderLease(null, false, null, Claim.NONE, Timing.USUAL);
    }

    /**
     * Takes the folder for a job; waits for the end of a lease whose owner may be dead.
     *
     * @param folder may be missing, and null where the user named none
     * @param option how the user names it, such as {@code --output}
     * @param job such as "bucketing"
     * @throws UserError if it cannot be written, or another driver owns it
     */
    public static FolderLease take(Configuration hadoop, String folder, String option, String job) throws IOException {
        if (folder == null) {
            return none();
        }
        Writable.require(hadoop, folder, option);
        return take(new HadoopStorage(hadoop, folder), option, LeaseOwner.ofThisProcess(job), Timing.USUAL);
    }

    static FolderLease take(HadoopStorage folder, String option, LeaseOwner self, Timing timing) throws IOException {
        boolean made = !folder.exists("");
        Watch watch = new Watch(timing);
        while (true) {
            Optional<String> newest = newest(folder);
            if (newest.isPresent()) {
                byte[] content = content(folder, newest.get());
                Optional<LeaseOwner> other = LeaseOwner.parse(content);
                Optional<Boolean> alive = other.flatMap(LeaseOwner::isAliveHere);
                if (alive.orElseGet(() -> watch.sawChange(newest.get(), content))) {
                    throw new UserError("Cannot write to " + folder + ": the "
                            + other.map(LeaseOwner::toString).orElse("job of a version that is not known")
                            + " works there. Wait for its end, or give another " + option + ".");
                }
                if (alive.isEmpty() && !watch.isOver()) {
                    watch.announce(folder, other);
                    pause(timing);
                    continue;
                }
                LOG.info("Taking {} over from a job that has ended without a word", folder);
            }
            Claim claim = new Claim(next(newest), self.id());
            try {
                if (!folder.createNew(FOLDER + "/" + claim.name(), self.json(0))) {
                    continue;
                }
            } catch (UnsupportedOperationException e) {
                LOG.warn(
                        "Cannot guard {} against a second job at a time: its store cannot create a file only where"
                                + " there is none",
                        folder);
                return none();
            }
            if (newest(folder).equals(Optional.of(claim.name()))) {
                return new FolderLease(folder, made, self, claim, timing);
            }
            folder.delete(FOLDER + "/" + claim.name());
        }
    }

    /** What has been seen of one claim since when. */
    private static final class Watch {
        private final LongSupplier nanoTime;
        private final long expiry;
        private String name;
        private byte[] content;
        private long since;

        Watch(Timing timing) {
            nanoTime = timing.nanoTime();
            expiry = timing.expiry().toNanos();
        }

        boolean sawChange(String nowName, byte[] now) {
            if (nowName.equals(name)) {
                return !Arrays.equals(content, now);
            }
            name = nowName;
            content = now;
            since = nanoTime.getAsLong();
            return false;
        }

        boolean isOver() {
            return nanoTime.getAsLong() - since >= expiry;
        }

        void announce(HadoopStorage folder, Optional<LeaseOwner> other) {
            if (nanoTime.getAsLong() - since < TimeUnit.MILLISECONDS.toNanos(100)) {
                LOG.info(
                        "{} is leased to the {}; waiting up to {} s for a sign of its life",
                        folder,
                        other.map(LeaseOwner::toString).orElse("job of a version that is not known"),
                        TimeUnit.NANOSECONDS.toSeconds(expiry));
            }
        }
    }

    private static void pause(Timing timing) {
        try {
            Thread.sleep(Math.max(1, Math.min(500, timing.beat().toMillis() / 10)));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for a lease", e);
        }
    }

    private static Optional<String> newest(HadoopStorage folder) throws IOException {
        return folder.list(FOLDER).stream()
                .filter(name -> NAME.matcher(name).matches())
                .reduce((lower, higher) -> higher);
    }

    private static String next(Optional<String> newest) {
        int number = newest.map(name -> Integer.parseInt(name.substring(0, 8))).orElse(0);
        return String.format(Locale.ROOT, "%08d.json", number + 1);
    }

    /** Empty where the claim is gone or being made. */
    private static byte[] content(HadoopStorage folder, String name) {
        try {
            return folder.readWhole(FOLDER + "/" + name);
        } catch (FileNotFoundException e) {
            return new byte[0];
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private void beat() {
        try {
            claim.requireHeld(folder); // a claim that was lost must not come back
            beats++;
            folder.replace(FOLDER + "/" + claim.name(), owner.json(beats));
        } catch (IOException | RuntimeException e) {
            LOG.warn("Cannot renew the lease of {}: {}", folder, e.toString());
        }
    }

    /** For tasks on executors that commit. */
    public Claim claim() {
        return claim;
    }

    /**
     * To be called before each commit.
     *
     * @throws UserError if another driver owns the folder by now
     */
    public void requireHeld() throws IOException {
        claim.requireHeld(folder);
    }

    /** Gives the folder back; nothing of the lease is left. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        heart.shutdown();
        if (claim.name() == null) {
            return;
        }
        if (!ShutdownHookManager.get().isShutdownInProgress()) {
            ShutdownHookManager.get().removeShutdownHook(hook);
        }
        try {
            // A beat under way would bring the claim back.
            if (!heart.awaitTermination(10, TimeUnit.SECONDS)) {
                LOG.warn("The lease of {} ends later: its store does not answer", folder);
                return;
            }
            claim.requireHeld(folder);
            for (String name : folder.list(FOLDER)) {
                if (NAME.matcher(name).matches() && name.compareTo(claim.name()) < 0) {
                    folder.delete(FOLDER + "/" + name); // of those that died
                }
            }
            folder.delete(FOLDER + "/" + claim.name());
            folder.deleteIfEmpty(FOLDER);
            if (made) {
                folder.deleteIfEmpty("");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException | RuntimeException e) {
            LOG.warn("Cannot end the lease of {}: {}", folder, e.toString());
        }
    }
}
