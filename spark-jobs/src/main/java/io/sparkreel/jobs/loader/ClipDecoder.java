// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.loader;

import io.sparkreel.bucketing.media.ClipReader;
import io.sparkreel.bucketing.media.CrashGuard;
import io.sparkreel.bucketing.media.MediaException;
import io.sparkreel.bucketing.media.MediaKind;
import io.sparkreel.bucketing.media.MediaProblem;
import io.sparkreel.bucketing.media.MediaSource;
import io.sparkreel.bucketing.media.PixelClip;
import io.sparkreel.bucketing.media.TemporalSampling;
import io.sparkreel.bucketing.media.scale.FrameTransform;
import io.sparkreel.jobs.plan.ClipRef;
import io.sparkreel.jobs.plan.SampleSize;
import io.sparkreel.jobs.storage.HadoopMediaSource;
import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.KeyedRandom.Purpose;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.hadoop.conf.Configuration;

/** Decodes the frames of planned clips and brings them to their size. Safe for several threads. */
public final class ClipDecoder implements AutoCloseable {
    /**
     * How frames are chosen and changed.
     *
     * @param frameInterval nominal distance of two frames
     * @param windows how many windows of a clip there are: epoch e shows window e mod this; 0: a new one each epoch
     * @param seed of the draws of windows
     */
    public record Frames(FrameTransform transform, int frameInterval, int windows, long seed) {
        /** The window of a clip that an epoch shows, as the number that keys its draw. */
        long window(long epoch) {
            return windows == 0 ? epoch : epoch % windows;
        }
    }

    private final Configuration hadoop;
    private final Frames frames;
    private final FrameCache cache;
    private final CrashGuard guard;
    private final AtomicLong reads = new AtomicLong();

    /**
     * @param cacheBytes of decoded clips that are kept
     * @param guard closed with this decoder
     */
    public ClipDecoder(Configuration hadoop, Frames frames, long cacheBytes, CrashGuard guard) {
        this.hadoop = hadoop;
        this.frames = frames;
        this.guard = guard;
        cache = new FrameCache(cacheBytes);
    }

    /** How often some of a file was read: a store that hangs leaves this as it is. */
    long reads() {
        return reads.get();
    }

    /**
     * The frames of the sample, [T, 3, H, W], by the reference's temporal sampling. An image fills a sample of several
     * frames by itself.
     *
     * @param window which window of the clip, see {@link Frames#window}
     * @throws MediaException if the clip cannot be decoded, or killed the process that last tried
     * @throws IOException if it cannot be fetched
     */
    public PixelClip decode(ClipRef clip, SampleSize size, long window) throws MediaException, IOException {
        FrameCache.Key key = new FrameCache.Key(clip.id(), size.height(), size.width());
        PixelClip whole = cache.find(key);
        if (whole == null
                && new SampleSize(clip.frames(), size.height(), size.width()).bytes() <= cache.largestClip()) {
            Optional<PixelClip> decoded = open(
                    clip,
                    source -> ClipReader.readAll(
                            source, clip.kind(), frames.transform(), size.height(), size.width(), cache.largestClip()));
            if (decoded.isPresent()) {
                whole = requireWhole(clip, decoded.get());
                cache.put(key, whole);
            }
        }
        if (whole != null) {
            return select(whole, indices(clip, size, whole.frames(), window));
        }
        return open(
                clip,
                source -> ClipReader.read(
                        source,
                        clip.kind(),
                        indices(clip, size, clip.frames(), window),
                        frames.transform(),
                        size.height(),
                        size.width()));
    }

    private interface Reading<T> {
        T read(MediaSource source) throws MediaException, IOException;
    }

    @SuppressWarnings("try") // the opening is held, not used
    private <T> T open(ClipRef clip, Reading<T> reading) throws MediaException, IOException {
        String name = clip.uri() + " " + clip.bytes();
        if (guard.isKnownToCrash(name)) {
            throw new MediaException(MediaProblem.NATIVE_CRASH, "the process that read this file alone died");
        }
        try (CrashGuard.Opening opening = guard.enter(name);
                MediaSource source =
                        new CountedSource(HadoopMediaSource.open(hadoop, clip.uri(), clip.bytes()), reads)) {
            return reading.read(source);
        }
    }

    private static PixelClip requireWhole(ClipRef clip, PixelClip decoded) throws MediaException {
        if (decoded.frames() < clip.frames()) {
            throw new MediaException(
                    MediaProblem.TRUNCATED,
                    "the file says " + clip.frames() + " frames, " + decoded.frames() + " can be decoded");
        }
        return decoded;
    }

    private int[] indices(ClipRef clip, SampleSize size, int clipFrames, long window) {
        if (clip.kind() == MediaKind.IMAGE) {
            return new int[size.frames()];
        }
        double u = KeyedRandom.of(frames.seed(), window, clip.id(), Purpose.TEMPORAL_START)
                .nextDouble();
        return TemporalSampling.frameIndices(clipFrames, size.frames(), frames.frameInterval(), u);
    }

    private static PixelClip select(PixelClip whole, int[] indices) {
        int frame = 3 * whole.height() * whole.width();
        float[] values = new float[indices.length * frame];
        for (int i = 0; i < indices.length; i++) {
            System.arraycopy(whole.values(), indices[i] * frame, values, i * frame, frame);
        }
        return new PixelClip(values, indices.length, whole.height(), whole.width());
    }

    @Override
    public void close() throws IOException {
        guard.close();
    }
}
