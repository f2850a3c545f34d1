// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.loader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.bucketing.media.PictureRules;
import io.sparkreel.bucketing.media.crash.CrashGuard;
import io.sparkreel.bucketing.media.scale.FrameTransform;
import io.sparkreel.jobs.LocalSpark;
import io.sparkreel.jobs.loader.StepLoader.LoadedStep;
import io.sparkreel.jobs.loader.StepLoader.SampleShape;
import io.sparkreel.jobs.plan.PlanReader;
import io.sparkreel.jobs.train.TrainingData;
import io.sparkreel.model.autoencoder.LatentCodec;
import io.sparkreel.model.autoencoder.WaveletCodec;
import io.sparkreel.model.text.HashTextEncoder;
import io.sparkreel.model.text.TextEncoder;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class StepLoaderTest {
    @TempDir
    static Path work;

    /** The local disk as a store that answers nobody until it is let go. */
    public static final class HungStore extends RawLocalFileSystem {
        static final CountDownLatch ASKED = new CountDownLatch(1);
        static final CountDownLatch LET_GO = new CountDownLatch(1);

        @Override
        public URI getUri() {
            return URI.create("hung:///");
        }

        @Override
        public FSDataInputStream open(org.apache.hadoop.fs.Path file, int bufferSize) throws IOException {
            ASKED.countDown();
            try {
                LET_GO.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            return super.open(file, bufferSize);
        }
    }

    @Test
    @Timeout(120)
    void waitingForAStoreThatHangsIsNoProgress() throws Exception {
        Path picture = TrainingData.pictures(work.resolve("media"), 1).get(0);
        String plan = work.resolve("plan").toString();
        LocalSpark.session()
                .sql("select 0 epoch, 0L step, 0 micro_batch, 'tiny-1-1.00' bucket, 1.0D cost, 7L clip_id, 'hung://"
                        + picture + "' uri, 'image' kind, " + Files.size(picture)
                        + "L bytes, 1 num_frames, 1.0D fps, 'noise' caption,"
                        + " 1 bucket_frames, 32 height_px, 32 width_px, string(null) feature_file")
                .write()
                .parquet(plan);
        Configuration hadoop = new Configuration();
        hadoop.set("fs.hung.impl", HungStore.class.getName());
        ClipDecoder.Frames frames = new ClipDecoder.Frames(FrameTransform.CENTER, 1, 0, 42, PictureRules.SHOWN);
        LatentCodec codec = WaveletCodec.standard();
        TextEncoder text = new HashTextEncoder(8, 6);
        SampleShape shape = new SampleShape(codec.geometry(), text.slots(), text.width());
        try (StepLoader loader = new StepLoader(
                new PlanReader(hadoop, plan, 0),
                new ClipDecoder(hadoop, frames, 0, CrashGuard.open(work.resolve("guard"))),
                frames,
                new ClipEncoder(codec, text, 42),
                null,
                shape,
                new StepLoader.Ahead(1, 1 << 20),
                0,
                1)) {
            assertTrue(HungStore.ASKED.await(60, TimeUnit.SECONDS));
            AtomicInteger alive = new AtomicInteger();
            CompletableFuture<LoadedStep> waiting = CompletableFuture.supplyAsync(() -> {
                try {
                    return loader.next(alive::incrementAndGet, 1);
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            while (loader.idleLooks() < 3) {
                assertTrue(!waiting.isDone());
                Thread.onSpinWait();
            }
            assertEquals(0, alive.get(), "nothing has come from the store");
            HungStore.LET_GO.countDown();
            LoadedStep step = waiting.get();
            assertEquals(1, step.microBatches().size());
            assertTrue(step.bad().isEmpty(), step.bad().toString());
        }
    }
}
