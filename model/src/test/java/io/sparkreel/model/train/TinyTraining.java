// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train;

import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.LatentShape;
import io.sparkreel.model.checkpoint.CheckpointReader;
import io.sparkreel.model.checkpoint.Storage;
import io.sparkreel.model.collective.Collective;
import io.sparkreel.model.family.stdit2.Stdit2Config;
import io.sparkreel.model.optim.Ema;
import io.sparkreel.model.optim.LearningRate;
import io.sparkreel.model.optim.OptimizerOptions;
import io.sparkreel.model.process.iddpm.Iddpm;
import io.sparkreel.model.torch.FlatBuffer;
import io.sparkreel.model.torch.Precision;
import io.sparkreel.model.torch.Tensors;
import io.sparkreel.model.train.checkpoint.CheckpointSaver;
import io.sparkreel.model.train.checkpoint.RunState;
import io.sparkreel.model.train.checkpoint.TrainingCheckpoint;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** A run of a very small model on made-up clips: five steps an epoch, three micro-batches a step. */
public final class TinyTraining implements AutoCloseable {
    static final int STEPS_PER_EPOCH = 5;
    private static final int CLIPS_PER_STEP = 5;
    static final int SLOTS = 3;
    static final int TEXT_WIDTH = 8;
    static final LatentShape VIDEO = new LatentShape(2, 3, 2, 4);
    static final LatentShape IMAGE = new LatentShape(2, 1, 4, 4);
    private static final Tensors HOST = Tensors.onHost();

    static final Stdit2Config CONFIG =
            new Stdit2Config(64, 2, List.of(1, 2, 2), 24, 2, 2, 4, 0.3, true, TEXT_WIDTH, SLOTS, true);

    private final ModelWeights weights = new ModelWeights(CONFIG, HOST);
    private final Collective collective;
    private final Trainer trainer;
    private long done;

    /** What a run came to: its last state, and the loss of every step it took. */
    public record Outcome(
            float[] parameters, float[] average, float[] firstMoment, float[] secondMoment, List<Double> losses) {}

    public TinyTraining(Collective collective) {
        this(collective, false, false);
    }

    public TinyTraining(Collective collective, boolean sharded, boolean checkpointActivations) {
        this.collective = collective;
        weights.initialise(3);
        LearningRate rate = new LearningRate(LearningRate.Schedule.COSINE, 1e-2, 2, 40);
        trainer = new Trainer(
                TrainerOptions.of(new Iddpm(Iddpm.Options.REFERENCE), 42)
                        .withComputation(Precision.FP32, checkpointActivations)
                        .withOptimizer(OptimizerOptions.REFERENCE
                                .withLearningRate(rate)
                                .withEma(new Ema.Options(0.9, true))
                                .withSharding(sharded)),
                weights,
                HOST,
                collective);
    }

    public ModelWeights weights() {
        return weights;
    }

    public Trainer trainer() {
        return trainer;
    }

    /** Goes on from a checkpoint. */
    public void restore(CheckpointReader checkpoint) throws Exception {
        done = TrainingCheckpoint.restore(checkpoint, weights, trainer).globalStep();
    }

    /** Where the run stands. */
    public RunState state() {
        return new RunState(
                (int) (done / STEPS_PER_EPOCH),
                done % STEPS_PER_EPOCH,
                done,
                trainer.optimizer().steps(),
                42,
                "plan",
                new Iddpm(Iddpm.Options.REFERENCE).identity());
    }

    public CheckpointSaver saver(Storage storage, CheckpointSaver.Committed committed) {
        return new CheckpointSaver(storage, "attempt", weights, trainer, collective, committed);
    }

    /** Takes steps up to a global one and returns what then is. */
    public Outcome trainUntil(long end) {
        List<Double> losses = new ArrayList<>();
        for (; done < end; done++) {
            losses.add(trainer.step(done, share(micros(done)), CLIPS_PER_STEP).loss());
        }
        return new Outcome(
                values(weights.parameters().values()),
                values(trainer.ema().values()),
                values(trainer.optimizer().firstMoment()),
                values(trainer.optimizer().secondMoment()),
                losses);
    }

    private static List<MicroBatch> micros(long step) {
        long epoch = step / STEPS_PER_EPOCH;
        long first = step % STEPS_PER_EPOCH * CLIPS_PER_STEP;
        return List.of(
                batch(epoch, VIDEO, first, first + 1),
                batch(epoch, IMAGE, first + 2, first + 3),
                batch(epoch, VIDEO, first + 4));
    }

    private List<MicroBatch> share(List<MicroBatch> batches) {
        List<MicroBatch> mine = new ArrayList<>();
        for (int m = collective.rank(); m < batches.size(); m += collective.worldSize()) {
            mine.add(batches.get(m));
        }
        return mine;
    }

    static MicroBatch batch(long epoch, LatentShape shape, long... clips) {
        List<Sample> samples =
                Arrays.stream(clips).mapToObj(clip -> sample(clip, shape)).toList();
        return new MicroBatch(shape.frames() == 1 ? "image" : "video", epoch, samples, shape, SLOTS, TEXT_WIDTH);
    }

    static Sample sample(long clip, LatentShape shape) {
        KeyedRandom random = KeyedRandom.of(7, 0, clip, KeyedRandom.Purpose.LATENT_NOISE);
        float[] latent = new float[shape.elements()];
        float[] text = new float[SLOTS * TEXT_WIDTH];
        random.fillNormal(latent, 0, latent.length);
        random.fillNormal(text, 0, text.length);
        boolean[] mask = new boolean[SLOTS];
        Arrays.fill(mask, 0, 1 + random.nextInt(SLOTS), true);
        return new Sample(clip, latent, text, mask, shape.frames(), shape.height() * 8, shape.width() * 8, 24);
    }

    static float[] values(FlatBuffer buffer) {
        FloatBuffer values = FloatBuffer.allocate((int) buffer.elements());
        buffer.read(0, values);
        return values.array();
    }

    /** Saves the state and waits until that is done. */
    public String save(Storage storage) throws Exception {
        try (CheckpointSaver saver = saver(storage, (state, folder) -> {})) {
            String folder = saver.save(state(), Map.of());
            saver.finish();
            return folder;
        }
    }

    @Override
    public void close() {
        trainer.close();
        weights.close();
    }
}
