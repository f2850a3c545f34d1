// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.LatentShape;
import io.sparkreel.model.checkpoint.CheckpointReader;
import io.sparkreel.model.checkpoint.LocalStorage;
import io.sparkreel.model.checkpoint.Storage;
import io.sparkreel.model.collective.Collective;
import io.sparkreel.model.collective.SingleProcess;
import io.sparkreel.model.family.stdit2.Stdit2Config;
import io.sparkreel.model.metrics.BucketTotals;
import io.sparkreel.model.metrics.RankLap;
import io.sparkreel.model.metrics.StepMetrics.Phase;
import io.sparkreel.model.optim.AdamW;
import io.sparkreel.model.optim.Ema;
import io.sparkreel.model.optim.Freeze;
import io.sparkreel.model.optim.LearningRate;
import io.sparkreel.model.optim.OptimizerOptions;
import io.sparkreel.model.process.iddpm.Iddpm;
import io.sparkreel.model.torch.Precision;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.Tensors;
import io.sparkreel.model.torch.Torch;
import io.sparkreel.model.train.checkpoint.CheckpointSaver;
import io.sparkreel.model.train.checkpoint.RunState;
import io.sparkreel.model.train.checkpoint.TrainingCheckpoint;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TrainerTest {
    private static final Tensors HOST = Tensors.onHost();
    private static final int SLOTS = 6;
    private static final int TEXT_WIDTH = 16;
    private static final Stdit2Config CONFIG =
            new Stdit2Config(64, 3, List.of(1, 2, 2), 48, 2, 4, 4, 0.3, true, TEXT_WIDTH, SLOTS, true);
    private static final ObjectNode IDENTITY = new Iddpm(Iddpm.Options.REFERENCE).identity();
    private static final LatentShape VIDEO = new LatentShape(3, 4, 4, 6);
    private static final LatentShape IMAGE = new LatentShape(3, 1, 5, 4);

    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    private static TrainerOptions options(boolean checkpointActivations) {
        FrameMask masks = FrameMask.of(Map.of("mask_no", 0.5, "mask_quarter_head", 0.5));
        return options(checkpointActivations, masks);
    }

    private static TrainerOptions options(boolean checkpointActivations, FrameMask masks) {
        return TrainerOptions.of(new Iddpm(Iddpm.Options.REFERENCE), 42)
                .withFrameMask(masks)
                .withComputation(Precision.FP32, checkpointActivations)
                .withOptimizer(OptimizerOptions.REFERENCE
                        .withLearningRate(new LearningRate(LearningRate.Schedule.COSINE, 1e-2, 2, 12))
                        .withEma(new Ema.Options(0.9, true)));
    }

    private static Sample sample(long clip, LatentShape shape) {
        KeyedRandom random = KeyedRandom.of(7, 0, clip, KeyedRandom.Purpose.LATENT_NOISE);
        float[] latent = new float[shape.elements()];
        float[] text = new float[SLOTS * TEXT_WIDTH];
        random.fillNormal(latent, 0, latent.length);
        random.fillNormal(text, 0, text.length);
        boolean[] mask = new boolean[SLOTS];
        Arrays.fill(mask, 0, 1 + random.nextInt(SLOTS), true);
        return new Sample(
                clip,
                latent,
                text,
                mask,
                shape.frames(),
                shape.height() * 8,
                shape.width() * 8,
                shape.frames() == 1 ? 120 : 24);
    }

    private static MicroBatch batch(long epoch, LatentShape shape, long... clips) {
        List<Sample> samples = new ArrayList<>();
        for (long clip : clips) {
            samples.add(sample(clip, shape));
        }
        return new MicroBatch(shape.frames() == 1 ? "image" : "video", epoch, samples, shape, SLOTS, TEXT_WIDTH);
    }

    /** A step of three micro-batches with seven clips. */
    private static List<MicroBatch> stepOf(long step) {
        return List.of(batch(step, VIDEO, 1, 2), batch(step, IMAGE, 3, 4, 5), batch(step, VIDEO, 6, 7));
    }

    private static final int CLIPS = 7;

    /** What is left after some steps. */
    private record Outcome(List<StepReport> reports, float[] parameters, float[] average) {}

    private static float[] values(io.sparkreel.model.torch.FlatBuffer buffer) {
        FloatBuffer values = FloatBuffer.allocate((int) buffer.elements());
        buffer.read(0, values);
        return values.array();
    }

    /** Trains with some ranks; micro-batch m belongs to rank m mod ranks. */
    private static Outcome train(Collective collective, boolean checkpointActivations, int steps) {
        try (ModelWeights weights = new ModelWeights(CONFIG, HOST)) {
            weights.initialise(3);
            try (Trainer trainer = new Trainer(options(checkpointActivations), weights, HOST, collective)) {
                List<StepReport> reports = new ArrayList<>();
                for (int step = 0; step < steps; step++) {
                    reports.add(trainer.step(step, share(stepOf(step), collective), CLIPS));
                }
                return new Outcome(
                        reports,
                        values(weights.parameters().values()),
                        values(trainer.ema().values()));
            }
        }
    }

    private static List<MicroBatch> share(List<MicroBatch> batches, Collective collective) {
        List<MicroBatch> mine = new ArrayList<>();
        for (int m = collective.rank(); m < batches.size(); m += collective.worldSize()) {
            mine.add(batches.get(m));
        }
        return mine;
    }

    @Test
    void oneTwoAndFourRanksTakeTheSameSteps() throws Exception {
        int steps = 6;
        Outcome alone = train(new SingleProcess(), false, steps);
        for (int ranks : new int[] {2, 4}) { // with four, one rank has nothing to do
            List<Outcome> together = ThreadRanks.run(ranks, ring -> train(ring, false, steps));
            for (Outcome rank : together) {
                assertArrayEquals(together.get(0).parameters(), rank.parameters(), "ranks differ");
                for (int step = 0; step < steps; step++) {
                    assertEquals(
                            alone.reports().get(step).loss(),
                            rank.reports().get(step).loss(),
                            1e-5 * alone.reports().get(step).loss());
                    assertEquals(CLIPS, rank.reports().get(step).samples());
                }
            }
            // Sums of another order round otherwise, and Adam divides tiny gradients by tiny moments.
            assertArrayEquals(alone.parameters(), together.get(0).parameters(), 1e-3f);
        }
        assertNotEquals(alone.reports().get(0).loss(), alone.reports().get(1).loss());
    }

    @Test
    void oneTwoAndFourRanksComputeTheSameGradient() throws Exception {
        float[] alone = gradient(new SingleProcess());
        double norm = 0;
        for (float value : alone) {
            norm += value * value;
        }
        assertTrue(norm > 1e-3, "there is a gradient");
        for (int ranks : new int[] {2, 4}) {
            for (float[] rank : ThreadRanks.run(ranks, TrainerTest::gradient)) {
                assertArrayEquals(alone, rank, 1e-6f);
            }
        }
    }

    @Test
    void microBatchesAddUpToTheGradientOfOneLargeBatch() {
        SingleProcess alone = new SingleProcess();
        float[] large = gradient(alone, List.of(batch(0, VIDEO, 1, 2, 3, 4)), 4);
        double largest = 0;
        for (float value : large) {
            largest = Math.max(largest, Math.abs(value));
        }
        assertTrue(largest > 1e-2, "there is a gradient");
        float rounding = (float) (1e-5 * largest);
        assertArrayEquals(large, gradient(alone, List.of(batch(0, VIDEO, 1, 2), batch(0, VIDEO, 3, 4)), 4), rounding);
        // The mean is over clips, not over micro-batches: those of one clip weigh less than one of three.
        assertArrayEquals(large, gradient(alone, List.of(batch(0, VIDEO, 4), batch(0, VIDEO, 1, 2, 3)), 4), rounding);
    }

    private static float[] gradient(Collective collective) {
        return gradient(collective, share(stepOf(0), collective), CLIPS);
    }

    /** What a step takes from the parameters where Adam's division is by about one: the gradient. */
    private static float[] gradient(Collective collective, List<MicroBatch> mine, int clips) {
        double large = 1e4;
        TrainerOptions options = TrainerOptions.of(new Iddpm(Iddpm.Options.REFERENCE), 42)
                .withOptimizer(OptimizerOptions.REFERENCE
                        .withLearningRate(LearningRate.constant(large))
                        .withEma(new Ema.Options(0.9, true))
                        .withGradientClip(0)
                        .withAdam(new AdamW.Options(0.9, 0.999, large, 0)));
        try (ModelWeights weights = new ModelWeights(CONFIG, HOST)) {
            weights.initialise(3);
            float[] gradient = values(weights.parameters().values());
            try (Trainer trainer = new Trainer(options, weights, HOST, collective)) {
                trainer.step(0, mine, clips);
            }
            float[] after = values(weights.parameters().values());
            for (int i = 0; i < gradient.length; i++) {
                gradient[i] -= after[i];
            }
            return gradient;
        }
    }

    @Test
    void ranksTellWhereTheirTimeGoesAndWhatBucketsCost() throws Exception {
        List<List<RankLap>> laps = ThreadRanks.run(2, ring -> {
            try (ModelWeights weights = new ModelWeights(CONFIG, HOST)) {
                weights.initialise(3);
                try (Trainer trainer = new Trainer(options(false), weights, HOST, ring)) {
                    trainer.step(0, share(stepOf(0), ring), CLIPS);
                    long before = System.nanoTime();
                    trainer.metrics().lap();
                    long begun = System.nanoTime();
                    StepReport report = trainer.step(1, share(stepOf(1), ring), CLIPS);
                    long ending = System.nanoTime();
                    RankLap mine = trainer.metrics().lap();
                    long after = System.nanoTime();
                    double told =
                            mine.seconds().values().stream().mapToDouble(s -> s).sum();
                    // The clock of a lap is read within both calls, wherever a thread has to wait.
                    assertTrue(told >= (ending - begun) / 1e9 - 1e-9, () -> told + " s, not all that passed");
                    assertTrue(told <= (after - before) / 1e9 + 1e-9, () -> told + " s, more than passed");
                    List<RankLap> all = mine.ofAllRanks(ring);
                    double loss = all.stream()
                            .flatMap(lap -> lap.buckets().values().stream())
                            .mapToDouble(BucketTotals::loss)
                            .sum();
                    assertEquals(report.loss(), loss / CLIPS, 1e-9);
                    return all;
                }
            }
        });
        assertEquals(laps.get(0), laps.get(1));
        RankLap first = laps.get(0).get(0); // both videos
        assertEquals(Set.of("video"), first.buckets().keySet());
        assertEquals(2, first.buckets().get("video").microBatches());
        assertEquals(4, first.buckets().get("video").samples());
        assertEquals(4 * 4 * 2 * 3, first.tokens());
        assertEquals(3, laps.get(0).get(1).buckets().get("image").samples());
        for (Phase phase : List.of(Phase.FORWARD, Phase.BACKWARD, Phase.OPTIMIZER)) {
            assertTrue(first.seconds().get(phase) > 0, phase::toString);
        }
        assertEquals(0, first.seconds().get(Phase.DATA));
        double computed = first.seconds().get(Phase.FORWARD) + first.seconds().get(Phase.BACKWARD);
        assertTrue(first.buckets().get("video").seconds() <= computed, first::toString);
    }

    @Test
    void recomputingActivationsChangesNoBit() {
        Outcome kept = train(new SingleProcess(), false, 4);
        Outcome recomputed = train(new SingleProcess(), true, 4);
        assertArrayEquals(kept.parameters(), recomputed.parameters());
        assertEquals(kept.reports(), recomputed.reports());
    }

    @Test
    void theLossOfFixedClipsFalls() {
        List<StepReport> reports = train(new SingleProcess(), false, 60).reports();
        double first = reports.subList(0, 10).stream()
                .mapToDouble(report -> report.terms().get("mse"))
                .average()
                .orElseThrow();
        double last = reports.subList(50, 60).stream()
                .mapToDouble(report -> report.terms().get("mse"))
                .average()
                .orElseThrow();
        assertTrue(last < 0.9 * first, () -> first + " to " + last);
    }

    @Test
    void aMissingClipLeavesTheMeanOfTheOthers() {
        List<MicroBatch> whole = List.of(batch(0, VIDEO, 1, 2));
        Outcome planned = trainOnce(whole, 2);
        Outcome missing = trainOnce(whole, 5); // three more were planned and could not be read
        assertArrayEquals(planned.parameters(), missing.parameters(), 1e-4f);
        assertEquals(2, missing.reports().get(0).samples());
        assertEquals(planned.reports().get(0).loss(), missing.reports().get(0).loss(), 1e-9);
    }

    private static Outcome trainOnce(List<MicroBatch> batches, int plannedSamples) {
        try (ModelWeights weights = new ModelWeights(CONFIG, HOST)) {
            weights.initialise(3);
            try (Trainer trainer = new Trainer(options(false), weights, HOST, new SingleProcess())) {
                StepReport report = trainer.step(0, batches, plannedSamples);
                return new Outcome(List.of(report), values(weights.parameters().values()), null);
            }
        }
    }

    private static ModelWeights frozen(Freeze freeze, Precision precision) {
        return new ModelWeights(CONFIG, freeze.in(CONFIG.parameterGroups()), precision, HOST);
    }

    private static float[] values(ModelWeights weights, String name) {
        FloatBuffer values = FloatBuffer.allocate(
                (int) weights.parameters().all().slot(name).spec().elements());
        weights.parameters().read(name, 0, values);
        return values.array();
    }

    /** Noise in all tensors: behind a layer that starts at zero nothing would move. */
    private static void fill(ModelWeights weights) {
        weights.parameters().all().slots().forEach((name, slot) -> {
            float[] noise = new float[(int) slot.spec().elements()];
            KeyedRandom.of(3, 0, slot.begin(), KeyedRandom.Purpose.LATENT_NOISE).fillNormal(noise, 0, noise.length);
            for (int i = 0; i < noise.length; i++) {
                noise[i] *= 0.1f;
            }
            weights.parameters().write(name, 0, FloatBuffer.wrap(noise));
        });
    }

    private static TrainerOptions decaying() {
        TrainerOptions options = options(false, null);
        return options.withOptimizer(options.optimizer().withAdam(new AdamW.Options(0.9, 0.999, 1e-8, 0.1)));
    }

    @ParameterizedTest
    @EnumSource(Freeze.class)
    void frozenParametersStayAndTheOthersMove(Freeze freeze) {
        try (ModelWeights weights = frozen(freeze, Precision.FP32)) {
            fill(weights);
            Map<String, float[]> before = new TreeMap<>();
            weights.parameters().all().slots().keySet().forEach(name -> before.put(name, values(weights, name)));
            try (Trainer trainer = new Trainer(decaying(), weights, HOST, new SingleProcess())) {
                for (int step = 0; step < 3; step++) {
                    assertFalse(trainer.step(step, stepOf(step), CLIPS).skipped());
                }
                assertEquals(
                        weights.parameters().layout().elements(),
                        trainer.optimizer().firstMoment().elements());
            }
            before.forEach((name, values) -> {
                boolean stays = freeze == Freeze.TEXT ? name.contains("cross_attn") : !name.contains("attn_temp");
                assertEquals(stays, Arrays.equals(values, values(weights, name)), freeze + " " + name);
                assertEquals(!stays, weights.parameters().isTrained(name));
            });
        }
    }

    /** What is trained moves as it would if the rest were kept in fp32 and only its gradients were left out. */
    @ParameterizedTest
    @EnumSource(Freeze.class)
    void frozenParametersInTheComputeTypeChangeNoBit(Freeze freeze) {
        try (ModelWeights apart = frozen(freeze, Precision.BF16);
                ModelWeights whole = frozen(freeze, Precision.FP32)) {
            fill(apart);
            fill(whole);
            TrainerOptions options = options(false, null).withComputation(Precision.BF16, false);
            try (Trainer one = new Trainer(options, apart, HOST, new SingleProcess());
                    Trainer other = new Trainer(options, whole, HOST, new SingleProcess())) {
                for (int step = 0; step < 3; step++) {
                    assertEquals(other.step(step, stepOf(step), CLIPS), one.step(step, stepOf(step), CLIPS));
                }
                assertArrayEquals(
                        values(whole.parameters().values()),
                        values(apart.parameters().values()));
            }
        }
    }

    /** Checkpoints hold all weights, and the moments of what is trained; those made without freeze have more. */
    @Test
    void frozenRunsResumeFromTheirCheckpointsAndFromOthers(@TempDir Path folder) throws Exception {
        Storage storage = new LocalStorage(folder);
        String whole = writeAfter(3, storage, new SingleProcess());
        try (ModelWeights weights = frozen(Freeze.TEXT, Precision.FP32);
                Trainer trainer = new Trainer(options(false, null), weights, HOST, new SingleProcess())) {
            TrainingCheckpoint.restore(CheckpointReader.open(storage, whole), weights, trainer);
            StepReport third = trainer.step(3, stepOf(3), CLIPS);
            String frozen;
            try (CheckpointSaver saver = new CheckpointSaver(
                    storage, "frozen", weights, trainer, new SingleProcess(), (state, name) -> {})) {
                frozen = saver.save(new RunState(0, 4, 4, trainer.optimizer().steps(), 42, "plan", IDENTITY), Map.of());
                saver.finish();
            }
            StepReport expected = trainer.step(4, stepOf(4), CLIPS);
            assertNotEquals(third.loss(), expected.loss());
            try (ModelWeights again = frozen(Freeze.TEXT, Precision.FP32);
                    Trainer resumed = new Trainer(options(false, null), again, HOST, new SingleProcess())) {
                TrainingCheckpoint.restore(CheckpointReader.open(storage, frozen), again, resumed);
                assertEquals(expected, resumed.step(4, stepOf(4), CLIPS));
                for (String name : again.parameters().all().slots().keySet()) {
                    assertArrayEquals(values(weights, name), values(again, name), name);
                }
            }
        }
    }

    @Test
    void aGradientThatIsNotFiniteIsSkipped() {
        Sample broken = sample(1, VIDEO);
        broken.latent()[5] = Float.NaN;
        MicroBatch poison = new MicroBatch("video", 0, List.of(broken), VIDEO, SLOTS, TEXT_WIDTH);
        try (ModelWeights weights = new ModelWeights(CONFIG, HOST)) {
            weights.initialise(3);
            float[] before = values(weights.parameters().values());
            try (Trainer trainer = new Trainer(options(false), weights, HOST, new SingleProcess())) {
                assertTrue(trainer.step(0, List.of(poison), 1).skipped());
                assertArrayEquals(before, values(weights.parameters().values()));
                assertEquals(0, trainer.optimizer().steps());
                assertFalse(trainer.step(1, List.of(batch(0, VIDEO, 2)), 1).skipped());
            }
        }
    }

    @Test
    void aRestoredRunGoesOnBitForBit(@TempDir Path folder) throws Exception {
        Storage storage = new LocalStorage(folder);
        Outcome unbroken = train(new SingleProcess(), false, 6);
        String name = writeAfter(3, storage, new SingleProcess());
        Outcome resumed = resume(CheckpointReader.open(storage, name), 3, 6);
        assertArrayEquals(unbroken.parameters(), resumed.parameters());
        assertArrayEquals(unbroken.average(), resumed.average());
        assertEquals(unbroken.reports().subList(3, 6), resumed.reports());
    }

    @Test
    void theOptimizerStateOfTwoRanksServesOne(@TempDir Path folder) throws Exception {
        Storage storage = new LocalStorage(folder);
        String name = ThreadRanks.run(2, ring -> writeAfter(3, storage, ring)).get(0);
        assertEquals(2, storage.list(name + "/optimizer").size());
        Outcome unbroken = train(new SingleProcess(), false, 6);
        Outcome resumed = resume(CheckpointReader.open(storage, name), 3, 6);
        for (int step = 0; step < 3; step++) {
            double expected = unbroken.reports().get(3 + step).loss();
            assertEquals(expected, resumed.reports().get(step).loss(), 1e-4 * expected);
        }
    }

    private static String writeAfter(int steps, Storage storage, Collective collective) throws Exception {
        try (ModelWeights weights = new ModelWeights(CONFIG, HOST)) {
            weights.initialise(3);
            try (Trainer trainer = new Trainer(options(false), weights, HOST, collective)) {
                for (int step = 0; step < steps; step++) {
                    trainer.step(step, share(stepOf(step), collective), CLIPS);
                }
                RunState state =
                        new RunState(0, steps, steps, trainer.optimizer().steps(), 42, "plan", IDENTITY);
                try (CheckpointSaver saver =
                        new CheckpointSaver(storage, "a", weights, trainer, collective, (saved, folder) -> {})) {
                    String folder = saver.save(state, Map.of());
                    saver.finish();
                    return folder;
                }
            }
        }
    }

    private static Outcome resume(CheckpointReader checkpoint, int from, int to) throws Exception {
        try (ModelWeights weights = new ModelWeights(TrainingCheckpoint.config(checkpoint), HOST);
                Trainer trainer = new Trainer(options(false), weights, HOST, new SingleProcess())) {
            assertEquals(
                    from,
                    TrainingCheckpoint.restore(checkpoint, weights, trainer).globalStep());
            List<StepReport> reports = new ArrayList<>();
            for (int step = from; step < to; step++) {
                reports.add(trainer.step(step, stepOf(step), CLIPS));
            }
            return new Outcome(
                    reports,
                    values(weights.parameters().values()),
                    values(trainer.ema().values()));
        }
    }

    @Test
    void weightsOfAnotherModelAreRefusedByName(@TempDir Path folder) throws Exception {
        Storage storage = new LocalStorage(folder);
        CheckpointReader checkpoint = CheckpointReader.open(storage, writeAfter(1, storage, new SingleProcess()));
        Stdit2Config deeper = new Stdit2Config(64, 3, null, 48, 3, 4, 4, 0.3, true, TEXT_WIDTH, SLOTS, false);
        try (ModelWeights weights = new ModelWeights(deeper, HOST)) {
            String message = assertThrows(
                            InvalidInputException.class,
                            () -> TrainingCheckpoint.readWeights(checkpoint, TrainingCheckpoint.EMA, weights))
                    .getMessage();
            assertTrue(
                    (message.contains("no blocks.2.") && message.contains("unknown blocks.0.attn.q_norm.weight"))
                            || message.contains("more"),
                    message);
        }
    }

    @Test
    void nativeTensorsDoNotAccumulate() {
        try (ModelWeights weights = new ModelWeights(CONFIG, HOST)) {
            weights.initialise(3);
            try (Trainer trainer = new Trainer(options(true), weights, HOST, new SingleProcess())) {
                trainer.step(0, stepOf(0), CLIPS);
                long before = Tensor.liveCount();
                for (int step = 1; step < 50; step++) {
                    trainer.step(step, stepOf(step), CLIPS);
                }
                assertEquals(before, Tensor.liveCount());
            }
        }
    }
}
