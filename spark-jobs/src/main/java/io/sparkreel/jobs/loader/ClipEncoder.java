// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.loader;

import io.sparkreel.bucketing.media.MediaKind;
import io.sparkreel.bucketing.media.PixelClip;
import io.sparkreel.jobs.plan.PlannedClip;
import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.KeyedRandom.Purpose;
import io.sparkreel.model.autoencoder.LatentCodec;
import io.sparkreel.model.text.TextEncoder;
import io.sparkreel.model.text.TextFeatures;
import io.sparkreel.model.train.Sample;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Encodes decoded clips to what the model trains on. Not safe for several threads. */
public final class ClipEncoder implements AutoCloseable {
    private static final int IMAGE_FPS = 120;
    private static final int CAPTIONS_KEPT = 1024;

    private final LatentCodec codec;
    private final TextEncoder text;
    private final long seed;
    private final Map<String, TextFeatures> captions = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, TextFeatures> eldest) {
            return size() > CAPTIONS_KEPT;
        }
    };

    /** @param codec closed with this encoder, like {@code text} */
    public ClipEncoder(LatentCodec codec, TextEncoder text, long seed) {
        this.codec = codec;
        this.text = text;
        this.seed = seed;
    }

    /** The sample of a clip in its epoch. */
    public Sample encode(PlannedClip clip, PixelClip pixels) {
        float[] latent =
                codec.encode(pixels.values(), pixels.frames(), pixels.height(), pixels.width(), noise(clip, seed));
        TextFeatures features = captions.computeIfAbsent(clip.caption(), caption -> text.encode(List.of(caption)));
        return sample(clip, latent, features.values(), flags(features.mask()));
    }

    /** Where a latent of the clip's epoch is drawn from. */
    static KeyedRandom noise(PlannedClip clip, long seed) {
        return KeyedRandom.of(seed, clip.epoch(), clip.clipId(), Purpose.LATENT_NOISE);
    }

    static Sample sample(PlannedClip clip, float[] latent, float[] text, boolean[] mask) {
        float fps = clip.kind() == MediaKind.IMAGE ? IMAGE_FPS : (float) clip.fps();
        return new Sample(clip.clipId(), latent, text, mask, clip.numFrames(), clip.height(), clip.width(), fps);
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
