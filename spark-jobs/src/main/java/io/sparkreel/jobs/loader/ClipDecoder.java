// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.loader;

import io.sparkreel.bucketing.media.ClipReader;
import io.sparkreel.bucketing.media.ClipReader.Target;
import io.sparkreel.bucketing.media.DecodedClip;
import io.sparkreel.bucketing.media.MediaException;
import io.sparkreel.bucketing.media.MediaKind;
import io.sparkreel.bucketing.media.MediaProblem;
import io.sparkreel.bucketing.media.MediaSource;
import io.sparkreel.bucketing.media.PictureRules;
import io.sparkreel.bucketing.media.PixelClip;
import io.sparkreel.bucketing.media.crash.CrashGuard;
import io.sparkreel.bucketing.media.range.TemporalSampling;
import io.sparkreel.bucketing.media.scale.FrameTransform;
import io.sparkreel.jobs.dataset.ClipParts;
import io.sparkreel.jobs.plan.ClipRef;
import io.sparkreel.jobs.plan.SampleSize;
import io.sparkreel.jobs.storage.HadoopMediaSource;
import io.sparkreel.model.ForeignText;
import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.KeyedRandom.Purpose;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;
import org.apache.hadoop.conf.Configuration;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/** Decodes the frames of planned clips and brings them to their size. Safe for several threads. */
public final class ClipDecoder implements AutoCloseable {
    /**
     * How frames are chosen and changed.
     *
     * @param frameInterval nominal distance of two frames
     * @param windows how many windows of a clip there are: epoch e shows window e mod this; 0: a new one each epoch
     * @param seed of the draws of windows
     * @param pictures what a picture is in the data set
     */
    public record Frames(FrameTransform transform, int frameInterval, int windows, long seed, PictureRules pictures) {
        /** The window of a clip that an epoch shows, as the number that keys its draw. */
        long window(long epoch) {
            return windows == 0 ? epoch : epoch % windows;
        }
    }

    private static final Logger LOG = LogManager.getLogger(ClipDecoder.class);
    /** Clips with wrong counts that are named in the log of a process. */
    private static final int NAMED = 10;

    private final Configuration hadoop;
    private final Frames frames;
    private final FrameCache cache;
    private final Set<Long> miscounted = ConcurrentHashMap.newKeySet();
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
        return decode(clip, size, window, frames.pictures());
    }

    /**
     * As {@link #decode(ClipRef, SampleSize, long)}, for a clip of another data set.
     *
     * @param pictures what a picture is in that data set
     */
    public PixelClip decode(ClipRef clip, SampleSize size, long window, PictureRules pictures)
            throws MediaException, IOException {
        Target target = new Target(frames.transform(), size.height(), size.width(), pictures);
        FrameCache.Key key = new FrameCache.Key(clip.id(), size.height(), size.width());
        IntFunction<int[]> choice = count -> indices(clip, size, count, window);
        DecodedClip whole = cache.find(key);
        if (whole == null
                && new SampleSize(clip.frames(), size.height(), size.width()).bytes() <= cache.largestClip()) {
            Optional<DecodedClip> decoded = open(
                    clip, source -> ClipReader.readAll(source, clip.kind(), clip.part(), target, cache.largestClip()));
            if (decoded.isPresent()) {
                whole = decoded.get();
                cache.put(key, whole);
            }
        }
        if (whole != null) {
            return whole.select(clip.frames(), choice);
        }
        return open(clip, source -> ClipReader.read(source, clip.kind(), clip.part(), clip.frames(), choice, target));
    }

    private interface Reading<T> {
        T read(MediaSource source) throws MediaException, IOException;
    }

    @SuppressWarnings("try") // the opening is held, not used
    private <T> T open(ClipRef clip, Reading<T> reading) throws MediaException, IOException {
        String part = ClipParts.text(clip.part());
        String name = clip.uri() + " " + clip.bytes() + (part == null ? "" : " " + part);
        if (guard.isKnownToCrash(name)) {
            throw new MediaException(MediaProblem.NATIVE_CRASH, "the process that read this file alone died");
        }
        try (CrashGuard.Opening opening = guard.enter(name);
                MediaSource source =
                        new CountedSource(HadoopMediaSource.open(hadoop, clip.uri(), clip.bytes()), reads)) {
            return reading.read(source);
        }
    }

    /** Of a clip of so many frames; a clip with fewer than were counted shows those that are there. */
    private int[] indices(ClipRef clip, SampleSize size, int clipFrames, long window) {
        if (clip.kind() == MediaKind.IMAGE) {
            return new int[size.frames()];
        }
        if (clipFrames < clip.frames() && miscounted.size() < NAMED && miscounted.add(clip.id())) {
            LOG.warn(
                    "{} has {} frames and not {}, as its metadata table or its header has it: samples are taken of those"
                            + " that are there{}",
                    ForeignText.shown(clip.uri()),
                    clipFrames,
                    clip.frames(),
                    miscounted.size() == NAMED ? "; no further such clips are named" : "");
        }
        double u = KeyedRandom.of(frames.seed(), window, clip.id(), Purpose.TEMPORAL_START)
                .nextDouble();
        return TemporalSampling.frameIndices(clipFrames, size.frames(), frames.frameInterval(), u);
    }

    @Override
    public void close() throws IOException {
        guard.close();
    }
}
