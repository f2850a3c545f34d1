// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.bucketing.media.MediaException;
import io.sparkreel.bucketing.media.MediaKind;
import io.sparkreel.bucketing.media.MediaProblem;
import io.sparkreel.bucketing.media.range.Excerpt;
import io.sparkreel.jobs.plan.ClipRef;
import io.sparkreel.jobs.plan.PlannedClip;
import io.sparkreel.jobs.plan.SampleSize;
import io.sparkreel.model.LatentShape;
import io.sparkreel.model.collective.Collective;
import io.sparkreel.model.train.MicroBatch;
import io.sparkreel.model.train.Sample;
import io.sparkreel.model.train.Validation.ClipLoss;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class EvaluationTest {
    private static final long UNREADABLE = 5;

    /** A rank that is a thread, and gathers only: everything else is refused. */
    private static Collective rank(int rank, byte[][] values, CyclicBarrier barrier) {
        return (Collective) Proxy.newProxyInstance(
                Collective.class.getClassLoader(),
                new Class<?>[] {Collective.class},
                (proxy, method, arguments) -> switch (method.getName()) {
                    case "rank" -> rank;
                    case "worldSize" -> values.length;
                    case "reportProgress" -> null;
                    case "allGather" -> {
                        values[rank] = (byte[]) arguments[0];
                        barrier.await();
                        byte[][] all = values.clone();
                        barrier.await();
                        yield all;
                    }
                    default -> throw new UnsupportedOperationException(method.getName());
                });
    }

    private static PlannedClip clip(int microBatch, String bucket, long id) {
        return new PlannedClip(
                new PlannedClip.Place(0, 0, microBatch, bucket, 10 + microBatch % 3),
                new ClipRef(id, "file:/" + id, Excerpt.WHOLE, MediaKind.IMAGE, 1, 1, 1, ""),
                new SampleSize(1, 8, 8),
                null);
    }

    private static List<List<PlannedClip>> microBatches() {
        List<List<PlannedClip>> all = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            String bucket = i % 2 == 0 ? "tall" : "wide";
            all.add(List.of(clip(i, bucket, 3L * i), clip(i, bucket, 3 * i + 1), clip(i, bucket, 3 * i + 2)));
        }
        return all;
    }

    private static Sample load(PlannedClip clip) throws MediaException {
        if (clip.clip().id() == UNREADABLE) {
            throw new MediaException(MediaProblem.TRUNCATED, "cut short");
        }
        return new Sample(clip.clip().id(), new float[1], new float[1], new boolean[1], 1, 8, 8, 120);
    }

    /** Losses whose sum depends on the order of additions. */
    private static List<ClipLoss> judge(MicroBatch batch) {
        return batch.samples().stream()
                .map(sample -> new ClipLoss(
                        batch.bucket(),
                        sample.clipId(),
                        Math.exp(Math.sin((double) (1 + sample.clipId())) * 20),
                        Map.of("mse", 1.0 / (1 + sample.clipId()))))
                .toList();
    }

    private static ObjectNode evaluate(int ranks) throws Exception {
        byte[][] values = new byte[ranks][];
        CyclicBarrier barrier = new CyclicBarrier(ranks);
        ExecutorService threads = Executors.newFixedThreadPool(ranks);
        try {
            List<Callable<ObjectNode>> tasks = new ArrayList<>();
            for (int rank = 0; rank < ranks; rank++) {
                Collective collective = rank(rank, values, barrier);
                tasks.add(() -> new Evaluation(
                                microBatches(),
                                EvaluationTest::load,
                                (clip, samples) -> new MicroBatch(
                                        clip.place().bucket(),
                                        clip.place().epoch(),
                                        samples,
                                        new LatentShape(1, 1, 1, 1),
                                        1,
                                        1),
                                EvaluationTest::judge,
                                collective)
                        .run());
            }
            List<ObjectNode> lines = new ArrayList<>();
            for (Future<ObjectNode> line : threads.invokeAll(tasks)) {
                ObjectNode told = line.get();
                assertTrue(told.remove("seconds").asDouble() >= 0);
                lines.add(told);
            }
            assertEquals(1, lines.stream().distinct().count(), "ranks differ");
            return lines.get(0);
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void theNumberOfRanksChangesNoBit() throws Exception {
        ObjectNode alone = evaluate(1);
        for (int ranks : new int[] {2, 3, 5}) {
            assertEquals(alone, evaluate(ranks));
        }
    }

    @Test
    void lossesAreMeansByBucketAndOverAllWithoutWhatCannotBeRead() throws Exception {
        ObjectNode line = evaluate(1);
        assertEquals(20, line.get("clips").asInt());
        assertEquals(12, line.at("/buckets/tall/clips").asInt());
        assertEquals(8, line.at("/buckets/wide/clips").asInt());
        double sum = 0;
        for (int id = 0; id < 21; id++) {
            sum += id == UNREADABLE ? 0 : 1.0 / (1 + id);
        }
        assertEquals(sum / 20, line.get("mse").asDouble(), 1e-12);
    }
}
