// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.loader;

import io.sparkreel.bucketing.media.MediaException;
import io.sparkreel.bucketing.media.PixelClip;
import io.sparkreel.jobs.plan.PlanReader;
import io.sparkreel.jobs.plan.PlannedClip;
import io.sparkreel.jobs.plan.PlannedStep;
import io.sparkreel.jobs.plan.SampleSize;
import io.sparkreel.model.CodecGeometry;
import io.sparkreel.model.LatentShape;
import io.sparkreel.model.train.MicroBatch;
import io.sparkreel.model.train.Sample;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/**
 * Loads a rank's part of the coming steps ahead of the training: one thread reads the plan, a pool decodes, and one
 * thread encodes, in the order of the plan. Decoded frames that wait to be encoded stay within a bound; where it is
 * reached, nothing more is decoded until training continues.
 */
public final class StepLoader implements AutoCloseable {
    private static final Logger LOG = LogManager.getLogger(StepLoader.class);
    private static final int STEPS_READY = 4;
    private static final int STEPS_AHEAD = 64;
    private static final long LOOK_MS = 1000;
    /** A store that is silent for so many looks is worth a word. */
    private static final int IDLE_LOOKS = 10;

    private static final int KIBIBYTE = 1024;

    /**
     * What samples look like.
     *
     * @param codec makes latents of the clips
     * @param textSlots tokens of a caption
     * @param textWidth of a token's features
     */
    public record SampleShape(CodecGeometry codec, int textSlots, int textWidth) {
        /** @param clip one of the micro-batch, whose clips have one shape */
        public MicroBatch microBatch(PlannedClip clip, List<Sample> samples) {
            SampleSize size = clip.size();
            LatentShape latent = codec.latent(size.frames(), size.height(), size.width());
            return new MicroBatch(clip.place().bucket(), clip.place().epoch(), samples, latent, textSlots, textWidth);
        }
    }

    /** How much is done ahead: threads that decode, and bytes of decoded frames. */
    public record Ahead(int threads, long bytes) {}

    /**
     * What a rank needs for one step.
     *
     * @param step the plan of all ranks
     * @param microBatches this rank's, without the clips that could not be read
     * @param bad those clips
     */
    public record LoadedStep(PlannedStep step, List<MicroBatch> microBatches, List<BadClip> bad) {}

    /** A clip as it comes from a decoder, or as a sample if its features are stored. */
    private record Loaded(PixelClip pixels, Sample sample) {}

    /** A clip on its way, and the room that it takes. */
    private record Coming(PlannedClip clip, Future<Loaded> loaded, int reserved) {}

    private record ComingStep(PlannedStep step, List<List<Coming>> microBatches) {}

    /** What comes out of a queue: something, or why there is none. */
    private record Item<T>(T value, Throwable failure) {}

    private final BlockingQueue<Item<ComingStep>> coming = new ArrayBlockingQueue<>(STEPS_AHEAD);
    private final BlockingQueue<Item<LoadedStep>> ready = new ArrayBlockingQueue<>(STEPS_READY);
    private final PlanReader plan;
    private final ClipDecoder decoder;
    private final ClipDecoder.Frames frames;
    private final ClipEncoder encoder;
    private final FeatureReader features;
    private final SampleShape shape;
    private final int rank;
    private final int ranks;
    private final int capacity;
    private final Semaphore room;
    /** Clips that were read or given up, and steps that were planned. */
    private final AtomicLong done = new AtomicLong();
    /** Whether an encoder computes, or fetches its weights. */
    private volatile boolean encoding;

    private volatile int idleLooks;

    private final ExecutorService decoders;
    private final List<Thread> threads;

    /**
     * Starts to load. The plan, the decoder and the encoder are closed with this.
     *
     * @param features for clips that have stored ones; null if none has
     */
    public StepLoader(
            PlanReader plan,
            ClipDecoder decoder,
            ClipDecoder.Frames frames,
            ClipEncoder encoder,
            FeatureReader features,
            SampleShape shape,
            Ahead ahead,
            int rank,
            int ranks) {
        this.plan = plan;
        this.decoder = decoder;
        this.frames = frames;
        this.encoder = encoder;
        this.features = features;
        this.shape = shape;
        this.rank = rank;
        this.ranks = ranks;
        capacity = (int) Math.max(1, Math.min(Integer.MAX_VALUE, ahead.bytes() / KIBIBYTE));
        room = new Semaphore(capacity);
        decoders = Executors.newFixedThreadPool(ahead.threads(), task -> daemon(task, "sparkreel-decoder-" + rank));
        threads = List.of(
                daemon(() -> passOn(this::readPlan, coming), "sparkreel-plan-" + rank),
                daemon(() -> passOn(this::encode, ready), "sparkreel-loader-" + rank));
        threads.forEach(Thread::start);
    }

    private static Thread daemon(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }

    private interface Stage {
        void run() throws Exception;
    }

    /** Runs a stage to its end; the queue then ends with nothing, or with the reason. */
    private static <T> void passOn(Stage stage, BlockingQueue<Item<T>> queue) {
        Throwable failure = null;
        try {
            stage.run();
        } catch (InterruptedException e) {
            return; // closed
        } catch (Throwable e) {
            failure = e;
        }
        try {
            queue.put(new Item<>(null, failure));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void readPlan() throws InterruptedException {
        while (plan.hasNext()) {
            PlannedStep step = plan.next();
            done.incrementAndGet();
            List<List<Coming>> microBatches = new ArrayList<>();
            for (List<PlannedClip> planned : step.share(rank, ranks)) {
                List<Coming> clips = new ArrayList<>();
                for (PlannedClip clip : planned) {
                    // Larger than all the room there is: it gets that.
                    int needed =
                            (int) Math.max(1, Math.min(capacity, clip.size().bytes() / KIBIBYTE));
                    room.acquire(needed);
                    clips.add(new Coming(clip, decoders.submit(() -> load(clip)), needed));
                }
                microBatches.add(clips);
            }
            coming.put(new Item<>(new ComingStep(step, microBatches), null));
        }
    }

    private Loaded load(PlannedClip clip) throws MediaException, IOException {
        try {
            return clip.features() == null
                    ? new Loaded(
                            decoder.decode(
                                    clip.clip(),
                                    clip.size(),
                                    frames.window(clip.place().epoch())),
                            null)
                    : new Loaded(null, features.read(clip));
        } finally {
            done.incrementAndGet();
        }
    }

    private void encode() throws InterruptedException, IOException {
        while (true) {
            Item<ComingStep> item = coming.take();
            if (item.failure() != null) {
                throw new IllegalStateException("the plan cannot be read", item.failure());
            }
            if (item.value() == null) {
                return;
            }
            ready.put(new Item<>(load(item.value()), null));
        }
    }

    private LoadedStep load(ComingStep step) throws InterruptedException, IOException {
        List<MicroBatch> microBatches = new ArrayList<>();
        List<BadClip> bad = new ArrayList<>();
        for (List<Coming> clips : step.microBatches()) {
            List<Sample> samples = new ArrayList<>();
            for (Coming clip : clips) {
                try {
                    Loaded loaded = clip.loaded().get();
                    samples.add(loaded.sample() != null ? loaded.sample() : encode(clip.clip(), loaded.pixels()));
                } catch (ExecutionException e) {
                    bad.add(BadClip.of(clip.clip().clip(), e.getCause()));
                } finally {
                    room.release(clip.reserved());
                }
            }
            if (!samples.isEmpty()) {
                microBatches.add(shape.microBatch(clips.get(0).clip(), samples));
            }
        }
        return new LoadedStep(step.step(), microBatches, bad);
    }

    private Sample encode(PlannedClip clip, PixelClip pixels) {
        encoding = true;
        try {
            return encoder.encode(clip, pixels);
        } finally {
            encoding = false;
        }
    }

    /**
     * Waits for the next step.
     *
     * @param alive called every second of waiting in which something was read or encoded
     * @return null after the last step
     */
    public LoadedStep next(Runnable alive) throws InterruptedException {
        return next(alive, LOOK_MS);
    }

    /** @param lookMs time between two looks whether something moves */
    LoadedStep next(Runnable alive, long lookMs) throws InterruptedException {
        long before = work();
        int idle = 0;
        Item<LoadedStep> item = ready.poll(lookMs, TimeUnit.MILLISECONDS);
        while (item == null) {
            long now = work();
            idle = now == before && !encoding ? idle + 1 : 0;
            if (idle == 0) {
                alive.run();
            } else if (idle % IDLE_LOOKS == 0) {
                LOG.warn("Rank {} waits for the next step, and nothing was read for {} s", rank, idle * lookMs / 1000);
            }
            idleLooks = idle;
            before = now;
            item = ready.poll(lookMs, TimeUnit.MILLISECONDS);
        }
        if (item.failure() instanceof RuntimeException failure) {
            throw failure;
        } else if (item.failure() != null) {
            throw new IllegalStateException("the loader failed", item.failure());
        }
        return item.value();
    }

    /** Looks in a row, of the wait under way, at which nothing had moved since the one before. */
    int idleLooks() {
        return idleLooks;
    }

    private long work() {
        return done.get() + decoder.reads();
    }

    @Override
    public void close() throws IOException {
        threads.forEach(Thread::interrupt);
        decoders.shutdownNow();
        try {
            for (Thread thread : threads) {
                thread.join(TimeUnit.SECONDS.toMillis(10));
            }
            decoders.awaitTermination(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        encoder.close();
        decoder.close();
        plan.close();
    }
}
