// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import io.sparkreel.bucketing.media.ClipReader;
import io.sparkreel.bucketing.media.FrameTransform;
import io.sparkreel.bucketing.media.MediaException;
import io.sparkreel.bucketing.media.MediaKind;
import io.sparkreel.bucketing.media.PixelClip;
import io.sparkreel.bucketing.media.TemporalSampling;
import io.sparkreel.jobs.storage.HadoopMediaSource;
import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.KeyedRandom.Purpose;
import io.sparkreel.model.autoencoder.LatentCodec;
import io.sparkreel.model.text.TextEncoder;
import io.sparkreel.model.text.TextFeatures;
import io.sparkreel.model.train.Sample;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;

/** Decodes a planned clip and encodes it to what the model trains on. Not safe for several threads. */
final class ClipLoader implements AutoCloseable {
    private static final int IMAGE_FPS = 120;
    private static final int CAPTIONS_KEPT = 1024;

    private final Configuration hadoop;
    private final LatentCodec codec;
    private final TextEncoder text;
    private final FrameTransform transform;
    private final int frameInterval;
    private final long seed;
    private final FrameCache cache;
    private final Map<String, TextFeatures> captions = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, TextFeatures> eldest) {
            return size() > CAPTIONS_KEPT;
        }
    };

    /** @param codec closed with this loader, like {@code text} */
    ClipLoader(Configuration hadoop, LatentCodec codec, TextEncoder text, FrameTransform transform,
            int frameInterval, long seed, long cacheBytes) {
        this.hadoop = hadoop;
        this.codec = codec;
        this.text = text;
        this.transform = transform;
        this.frameInterval = frameInterval;
        this.seed = seed;
        cache = new FrameCache(cacheBytes);
    }

    /**
     * @throws MediaException if the clip cannot be decoded
     * @throws IOException if it cannot be fetched
     */
    Sample load(PlannedClip clip) throws MediaException, IOException {
        PixelClip window = window(clip);
        KeyedRandom noise = KeyedRandom.of(seed, clip.epoch(), clip.clipId(), Purpose.LATENT_NOISE);
        float[] latent = codec.encode(window.values(), window.frames(), window.height(), window.width(), noise);
        TextFeatures features = captions.computeIfAbsent(clip.caption(), caption -> text.encode(List.of(caption)));
        float fps = clip.kind() == MediaKind.IMAGE ? IMAGE_FPS : (float) clip.fps();
        return new Sample(clip.clipId(), latent, features.values(), flags(features.mask()),
                clip.numFrames(), clip.height(), clip.width(), fps);
    }

    /** The frames of the sample, [T, 3, H, W], by the reference's temporal sampling. */
    private PixelClip window(PlannedClip clip) throws MediaException, IOException {
        FrameCache.Key key = new FrameCache.Key(clip.clipId(), clip.height(), clip.width());
        PixelClip whole = cache.find(key);
        if (whole == null) {
            Optional<PixelClip> decoded = decodeWhole(clip);
            if (decoded.isEmpty()) {
                return decodeWindow(clip);
            }
            whole = decoded.get();
            cache.put(key, whole);
        }
        return select(whole, indices(clip, whole.frames()));
    }

    private int[] indices(PlannedClip clip, int clipFrames) throws MediaException {
        if (clip.kind() == MediaKind.IMAGE) {
            return new int[] {0};
        }
        double u = KeyedRandom.of(seed, clip.epoch(), clip.clipId(), Purpose.TEMPORAL_START).nextDouble();
        return TemporalSampling.frameIndices(clipFrames, clip.numFrames(), frameInterval, u);
    }

    private Optional<PixelClip> decodeWhole(PlannedClip clip) throws MediaException, IOException {
        long size = 3L * clip.height() * clip.width() * clip.clipFrames() * Float.BYTES;
        if (size > cache.largestClip()) {
            return Optional.empty();
        }
        try (HadoopMediaSource source = HadoopMediaSource.open(hadoop, clip.uri(), clip.bytes())) {
            Optional<PixelClip> whole = ClipReader.readAll(
                    source, clip.kind(), transform, clip.height(), clip.width(), cache.largestClip());
            if (whole.isPresent() && whole.get().frames() < clip.clipFrames()) {
                throw new MediaException(io.sparkreel.bucketing.media.MediaProblem.TRUNCATED,
                        "the file says " + clip.clipFrames() + " frames, " + whole.get().frames() + " can be decoded");
            }
            return whole;
        }
    }

    private PixelClip decodeWindow(PlannedClip clip) throws MediaException, IOException {
        try (HadoopMediaSource source = HadoopMediaSource.open(hadoop, clip.uri(), clip.bytes())) {
            return ClipReader.read(source, clip.kind(), indices(clip, clip.clipFrames()), transform,
                    clip.height(), clip.width());
        }
    }

    private static PixelClip select(PixelClip whole, int[] indices) {
        int frame = 3 * whole.height() * whole.width();
        float[] values = new float[indices.length * frame];
        for (int i = 0; i < indices.length; i++) {
            System.arraycopy(whole.values(), indices[i] * frame, values, i * frame, frame);
        }
        return new PixelClip(values, indices.length, whole.height(), whole.width());
    }

    private static boolean[] flags(int[] mask) {
        boolean[] flags = new boolean[mask.length];
        for (int i = 0; i < flags.length; i++) {
            flags[i] = mask[i] != 0;
        }
        return flags;
    }

    @Override
    public void close() {
        codec.close();
        text.close();
    }
}
