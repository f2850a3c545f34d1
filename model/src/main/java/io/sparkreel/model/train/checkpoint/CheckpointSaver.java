// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train.checkpoint;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.model.checkpoint.CheckpointFile;
import io.sparkreel.model.checkpoint.CheckpointGathering;
import io.sparkreel.model.checkpoint.CheckpointWriter;
import io.sparkreel.model.checkpoint.Storage;
import io.sparkreel.model.collective.Collective;
import io.sparkreel.model.train.ModelWeights;
import io.sparkreel.model.train.Trainer;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Saves a run as it goes: training stops for no longer than a copy of the state in memory takes, and a thread of each
 * rank's own writes its share of that copy. The ranks need no collective for it: each leaves a list of what it has
 * written beside its files, and the thread of rank 0 commits the checkpoint once all lists are there.
 *
 * <p>At most one checkpoint is under way. What goes wrong behind surfaces in the next call of {@link #save},
 * {@link #check} or {@link #finish}. All ranks call {@link #save} after the same step.
 */
public final class CheckpointSaver implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long PATIENCE_SECONDS = 600;
    private static final long CLOSING_SECONDS = 30;

    private final Storage run;
    private final String attempt;
    private final Collective collective;
    private final Committed committed;
    private final CheckpointShare share;
    private final ExecutorService thread;
    /** Held while a checkpoint is committed, which takes one short write: an interruption would leave it cut off. */
    private final ReentrantLock committing = new ReentrantLock();

    private Future<?> underWay;

    /** What happens on rank 0, on the thread that writes, when a checkpoint is committed. */
    public interface Committed {
        /**
         * Called right before: what it throws keeps the checkpoint from being committed, and ends the run as it is if it
         * is a {@link RuntimeException}.
         */
        default void permit() throws IOException {}

        /** @param folder its name in the run folder */
        void accept(RunState state, String folder) throws IOException;
    }

    /**
     * Reserves the memory for the copy.
     *
     * @param attempt a name that no other attempt at the run has, of letters, digits and '-'
     */
    public CheckpointSaver(
            Storage run,
            String attempt,
            ModelWeights weights,
            Trainer trainer,
            Collective collective,
            Committed committed) {
        this.run = run;
        this.attempt = attempt;
        this.collective = collective;
        this.committed = committed;
        share = new CheckpointShare(weights, trainer, collective.rank(), collective.worldSize());
        thread = Executors.newSingleThreadExecutor(task -> {
            Thread writer = new Thread(task, "sparkreel-checkpoint-" + collective.rank());
            writer.setDaemon(true);
            return writer;
        });
    }

    /**
     * Copies the state and lets it be written. Waits first for the checkpoint before, if that is still under way.
     *
     * @param notes small files that go into the checkpoint, by name; those of rank 0 count
     * @return the folder's name in the run folder
     */
    public String save(RunState state, Map<String, byte[]> notes) throws IOException, InterruptedException {
        await();
        share.take();
        String folder = CheckpointWriter.folderName(state.epoch(), state.globalStep());
        underWay = thread.submit(() -> {
            write(folder, state, notes);
            return null;
        });
        return folder;
    }

    /** @throws IOException if the last checkpoint could not be written */
    public void check() throws IOException, InterruptedException {
        if (underWay != null && underWay.isDone()) {
            await();
        }
    }

    /** Returns once the last checkpoint is committed; all ranks call this together. */
    public void finish() throws IOException, InterruptedException {
        await();
        collective.barrier();
    }

    private void await() throws IOException, InterruptedException {
        while (underWay != null) {
            try {
                underWay.get(1, TimeUnit.SECONDS);
                underWay = null;
            } catch (TimeoutException e) {
                collective.reportProgress();
            } catch (ExecutionException e) {
                underWay = null;
                if (e.getCause() instanceof RuntimeException refusal) { // no fault of the store's
                    throw refusal;
                }
                throw new IOException(
                        "Cannot write a checkpoint into " + run + ": " + reason(e.getCause())
                                + ". See that there is space, and that the folder can be written.",
                        e.getCause());
            }
        }
    }

    /** Without the name of an exception whose text says all. */
    private static String reason(Throwable failure) {
        boolean isPlain = failure.getClass() == IOException.class || failure.getCause() instanceof IOException;
        Throwable plain = failure.getCause() instanceof IOException cause ? cause : failure;
        return isPlain && plain.getMessage() != null ? plain.getMessage() : failure.toString();
    }

    private void write(String folder, RunState state, Map<String, byte[]> notes) throws IOException {
        CheckpointWriter writer = new CheckpointWriter(run, folder);
        share.write(writer);
        if (collective.rank() == 0) {
            put(
                    writer,
                    TrainingCheckpoint.STATE,
                    JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(state));
            for (Map.Entry<String, byte[]> note : notes.entrySet()) {
                put(writer, note.getKey(), note.getValue());
            }
        }
        CheckpointGathering gathering = new CheckpointGathering(run, folder, attempt, collective.worldSize());
        gathering.announce(collective.rank(), writer.written());
        if (collective.rank() == 0) {
            try {
                commit(folder, gathering.await(PATIENCE_SECONDS));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("the attempt ended before all ranks had written");
            }
            gathering.clear();
            committed.accept(state, folder);
        }
    }

    private void commit(String folder, Collection<CheckpointFile> files) throws IOException, InterruptedException {
        committing.lockInterruptibly();
        try {
            committed.permit();
            CheckpointWriter.commit(run, folder, files);
        } finally {
            committing.unlock();
        }
    }

    private static void put(CheckpointWriter writer, String name, byte[] content) throws IOException {
        try (OutputStream out = writer.create(name)) {
            out.write(content);
        }
    }

    /** Gives up what is still under way, but for a commit. */
    @Override
    public void close() {
        boolean interrupted = false;
        boolean ended = false;
        try {
            stop();
            ended = thread.awaitTermination(CLOSING_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            interrupted = true;
            thread.shutdownNow();
        }
        if (ended) { // else the memory must stay, since it is still read
            share.close();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void stop() throws InterruptedException {
        boolean held =
                committing.tryLock(CLOSING_SECONDS, TimeUnit.SECONDS); // a store that hangs is not waited for longer
        thread.shutdownNow();
        if (held) {
            committing.unlock();
        }
    }
}
