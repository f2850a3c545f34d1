// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.encode;

import io.sparkreel.bucketing.media.PictureRules;
import io.sparkreel.bucketing.media.PixelClip;
import io.sparkreel.jobs.config.train.TrainingConfig;
import io.sparkreel.jobs.features.FeatureCache;
import io.sparkreel.jobs.features.FeatureShard;
import io.sparkreel.jobs.loader.BadClip;
import io.sparkreel.jobs.loader.ClipDecoder;
import io.sparkreel.jobs.parts.Components;
import io.sparkreel.jobs.plan.ClipRef;
import io.sparkreel.jobs.plan.SampleSize;
import io.sparkreel.jobs.spark.TaskDevice;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.jobs.storage.OpenMedia;
import io.sparkreel.jobs.weights.WeightsCache;
import io.sparkreel.model.autoencoder.LatentCodec;
import io.sparkreel.model.text.CachedTextEncoder;
import io.sparkreel.model.text.TextFeatures;
import io.sparkreel.model.torch.Tensors;
import io.sparkreel.model.torch.Torch;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.util.LongAccumulator;
import org.apache.spark.util.SerializableConfiguration;

/** Encodes the windows of clips of a partition, and returns those that cannot be. */
final class EncodeTask implements FlatMapFunction<Iterator<Row>, BadClip>, Serializable {
    private static final long serialVersionUID = 1L;

    private final TrainingConfig config;
    private final FeatureCache cache;
    private final PictureRules pictures;
    private final Broadcast<SerializableConfiguration> hadoop;
    private final int threads;
    private final LongAccumulator done;

    /**
     * @param pictures what a picture is in the data set
     * @param threads of the task
     * @param done counts windows as they are done
     */
    EncodeTask(
            TrainingConfig config,
            FeatureCache cache,
            PictureRules pictures,
            Broadcast<SerializableConfiguration> hadoop,
            int threads,
            LongAccumulator done) {
        this.config = config;
        this.cache = cache;
        this.pictures = pictures;
        this.hadoop = hadoop;
        this.threads = threads;
        this.done = done;
    }

    /** A window whose frames are being decoded. */
    private record Coming(ClipRef clip, SampleSize size, int window, long content, Future<PixelClip> pixels) {}

    @Override
    public Iterator<BadClip> call(Iterator<Row> rows) throws Exception {
        List<BadClip> bad = new ArrayList<>();
        if (!rows.hasNext()) {
            return bad.iterator();
        }
        Torch.start(threads);
        Configuration configuration = hadoop.value().value();
        Tensors tensors = TaskDevice.tensors(config.device());
        WeightsCache weights = new WeightsCache(configuration);
        String folder = config.dataset().features();
        ClipDecoder.Frames frames = new ClipDecoder.Frames(
                config.dataset().transformName(),
                config.dataset().frameInterval(),
                cache.windows(),
                config.run().seed(),
                pictures);
        FeatureShard shard = new FeatureShard(new HadoopStorage(configuration, folder), configuration, cache.dtype());
        ExecutorService decoders = Executors.newFixedThreadPool(threads);
        try (ClipDecoder decoder = new ClipDecoder(
                        configuration, frames, (long) config.steps().decodeCacheMib() << 20, OpenMedia.guard(folder));
                LatentCodec codec = Components.codec(config.vae(), weights, tensors);
                // The windows of a clip follow each other.
                CachedTextEncoder captions =
                        new CachedTextEncoder(Components.textEncoder(config.textEncoder(), weights, tensors), 1)) {
            Deque<Coming> coming = new ArrayDeque<>();
            while (rows.hasNext() || !coming.isEmpty()) {
                while (rows.hasNext() && coming.size() <= threads) {
                    coming.add(decode(rows.next(), decoder, decoders));
                }
                encode(coming.remove(), codec, captions, shard, bad);
                done.add(1);
            }
            shard.flush();
        } finally {
            decoders.shutdownNow();
        }
        return bad.iterator();
    }

    private static Coming decode(Row row, ClipDecoder decoder, ExecutorService decoders) {
        int window = row.getAs("window");
        ClipRef clip = ClipRef.of(row);
        SampleSize size = SampleSize.of(row);
        Future<PixelClip> pixels = decoders.submit(() -> decoder.decode(clip, size, window));
        return new Coming(clip, size, window, row.getAs("content"), pixels);
    }

    private static void encode(
            Coming coming, LatentCodec codec, CachedTextEncoder captions, FeatureShard shard, List<BadClip> bad)
            throws IOException, InterruptedException {
        ClipRef clip = coming.clip();
        PixelClip pixels;
        try {
            pixels = coming.pixels().get();
        } catch (ExecutionException e) {
            bad.add(BadClip.of(clip, e.getCause()));
            return;
        }
        TextFeatures features = captions.encode(clip.caption());
        float[] text = unpadded(features);
        shard.add(new FeatureShard.Entry(
                clip.id(),
                coming.size().height(),
                coming.size().width(),
                coming.size().frames(),
                coming.window(),
                coming.content(),
                codec.distribution(pixels.values(), pixels.frames(), pixels.height(), pixels.width()),
                text,
                text.length / features.width()));
    }

    private static float[] unpadded(TextFeatures features) {
        int tokens = 0;
        float[] values = new float[features.values().length];
        for (int slot = 0; slot < features.slots(); slot++) {
            if (features.mask()[slot]) {
                System.arraycopy(
                        features.values(),
                        slot * features.width(),
                        values,
                        tokens * features.width(),
                        features.width());
                tokens++;
            }
        }
        return java.util.Arrays.copyOf(values, tokens * features.width());
    }
}
