// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.loader;

import io.sparkreel.bucketing.media.MediaKind;
import io.sparkreel.bucketing.media.PixelClip;
import io.sparkreel.jobs.plan.ClipRef;
import io.sparkreel.jobs.plan.PlannedClip;
import io.sparkreel.jobs.plan.SampleSize;
import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.KeyedRandom.Purpose;
import io.sparkreel.model.autoencoder.LatentCodec;
import io.sparkreel.model.generate.ClipShape;
import io.sparkreel.model.text.CachedTextEncoder;
import io.sparkreel.model.text.TextEncoder;
import io.sparkreel.model.text.TextFeatures;
import io.sparkreel.model.train.Sample;

/** Encodes decoded clips to what the model trains on. Not safe for several threads. */
public final class ClipEncoder implements AutoCloseable {
    private static final int CAPTIONS_KEPT = 1024;

    private final LatentCodec codec;
    private final CachedTextEncoder text;
    private final long seed;

    /** @param codec closed with this encoder, like {@code text} */
    public ClipEncoder(LatentCodec codec, TextEncoder text, long seed) {
        this.codec = codec;
        this.text = new CachedTextEncoder(text, CAPTIONS_KEPT);
        this.seed = seed;
    }

    /** The sample of a clip in its epoch. */
    public Sample encode(PlannedClip clip, PixelClip pixels) {
        float[] latent =
                codec.encode(pixels.values(), pixels.frames(), pixels.height(), pixels.width(), noise(clip, seed));
        TextFeatures caption = text.encode(clip.clip().caption());
        return sample(clip, latent, caption.values(), caption.mask());
    }

    /** The generator that the latent of a clip and epoch is sampled with. */
    static KeyedRandom noise(PlannedClip clip, long seed) {
        return KeyedRandom.of(seed, clip.place().epoch(), clip.clip().id(), Purpose.LATENT_NOISE);
    }

    static Sample sample(PlannedClip planned, float[] latent, float[] text, boolean[] mask) {
        ClipRef clip = planned.clip();
        SampleSize size = planned.size();
        float fps = clip.kind() == MediaKind.IMAGE ? ClipShape.IMAGE_FPS : (float) clip.fps();
        return new Sample(clip.id(), latent, text, mask, size.frames(), size.height(), size.width(), fps);
    }

    @Override
    public void close() {
        codec.close();
        text.close();
    }
}
