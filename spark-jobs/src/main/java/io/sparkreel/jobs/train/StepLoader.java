// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import io.sparkreel.bucketing.media.MediaException;
import io.sparkreel.bucketing.media.MediaProblem;
import io.sparkreel.model.autoencoder.LatentCodec;
import io.sparkreel.model.text.TextEncoder;
import io.sparkreel.model.train.MicroBatch;
import io.sparkreel.model.train.MicroBatch.LatentShape;
import io.sparkreel.model.train.Sample;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/** Loads a rank's part of the coming steps on a thread of its own, a few steps ahead. */
final class StepLoader implements AutoCloseable {
    private static final int STEPS_AHEAD = 4;
    private static final int POLL_SECONDS = 1;

    /**
     * What a rank needs for one step.
     *
     * @param step the plan of all ranks
     * @param microBatches this rank's, without the clips that could not be read
     * @param bad those clips
     */
    record LoadedStep(PlannedStep step, List<MicroBatch> microBatches, List<BadClip> bad) {}

    /** What comes out of the queue: a step, or why there is none. */
    private record Item(LoadedStep step, Throwable failure) {}

    private final BlockingQueue<Item> queue = new ArrayBlockingQueue<>(STEPS_AHEAD);
    private final ClipLoader clips;
    private final LatentCodec codec;
    private final TextEncoder text;
    private final Thread thread;

    /** Starts to load. The plan and the clip loader are closed with this. */
    StepLoader(PlanReader plan, ClipLoader clips, LatentCodec codec, TextEncoder text, int rank, int ranks) {
        this.clips = clips;
        this.codec = codec;
        this.text = text;
        thread = new Thread(() -> run(plan, rank, ranks), "sparkreel-loader-" + rank);
        thread.setDaemon(true);
        thread.start();
    }

    private void run(PlanReader plan, int rank, int ranks) {
        try (plan; clips) {
            while (plan.hasNext()) {
                queue.put(new Item(load(plan.next(), rank, ranks), null));
            }
            queue.put(new Item(null, null));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Throwable e) {
            fail(e);
        }
    }

    private void fail(Throwable e) {
        try {
            queue.put(new Item(null, e));
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private LoadedStep load(PlannedStep step, int rank, int ranks) {
        List<MicroBatch> microBatches = new ArrayList<>();
        List<BadClip> bad = new ArrayList<>();
        for (List<PlannedClip> planned : step.share(rank, ranks)) {
            List<Sample> samples = new ArrayList<>();
            for (PlannedClip clip : planned) {
                try {
                    samples.add(clips.load(clip));
                } catch (MediaException e) {
                    bad.add(new BadClip(clip.clipId(), clip.uri(), e.problem().tableValue(), e.getMessage()));
                } catch (IOException e) {
                    bad.add(new BadClip(clip.clipId(), clip.uri(), MediaProblem.READ_ERROR.tableValue(), e.toString()));
                }
            }
            if (!samples.isEmpty()) {
                PlannedClip first = planned.get(0);
                LatentShape shape = new LatentShape(codec.channels(), first.numFrames(),
                        first.height() / codec.spatialFactor(), first.width() / codec.spatialFactor());
                microBatches.add(new MicroBatch(
                        first.bucket(), step.epoch(), samples, shape, text.slots(), text.width()));
            }
        }
        return new LoadedStep(step, microBatches, bad);
    }

    /**
     * Waits for the next step.
     *
     * @param alive called every second of waiting
     * @return null after the last step
     */
    LoadedStep next(Runnable alive) throws InterruptedException {
        Item item = queue.poll(POLL_SECONDS, TimeUnit.SECONDS);
        while (item == null) {
            alive.run();
            item = queue.poll(POLL_SECONDS, TimeUnit.SECONDS);
        }
        if (item.failure() != null) {
            if (item.failure() instanceof RuntimeException failure) {
                throw failure;
            }
            throw new IllegalStateException("the loader failed", item.failure());
        }
        return item.step();
    }

    @Override
    public void close() {
        thread.interrupt();
        try {
            thread.join(TimeUnit.SECONDS.toMillis(10));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
