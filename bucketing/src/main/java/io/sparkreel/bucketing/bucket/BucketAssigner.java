// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.bucket;

import io.sparkreel.bucketing.InvalidInputException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/**
 * The bucket rule of Open-Sora 1.1: resolutions from large to small; in each the largest frame
 * count that the clip exceeds, times the frame interval; a failed draw falls to the next
 * resolution, never to a smaller frame count.
 */
public final class BucketAssigner {

    private final BucketConfig config;

    public BucketAssigner(BucketConfig config) {
        this.config = Objects.requireNonNull(config, "config");
    }

    /**
     * The bucket of a clip.
     *
     * @param numFrames frames of the clip, 1 for an image
     * @param height displayed height in pixels
     * @param width displayed width in pixels
     * @param draw a uniform draw in [0, 1) for a candidate, such as {@link KeepDraw} or {@link
     *     NumpyDraw}
     * @return empty when no bucket took it
     */
    public Optional<Bucket> assign(int numFrames, int height, int width, ToDoubleFunction<Candidate> draw) {
        return accepted(chain(numFrames, height, width), draw);
    }

    /** What {@link #assign} does with a clip and, if it is in no bucket, why. */
    public Outcome explain(int numFrames, int height, int width, ToDoubleFunction<Candidate> draw) {
        List<Candidate> chain = chain(numFrames, height, width);
        if (accepted(chain, draw).isPresent()) {
            return Outcome.ASSIGNED;
        }
        if (!chain.isEmpty()) {
            return chain.stream().allMatch(candidate -> candidate.keepProbability() == 0)
                    ? Outcome.BARRIER
                    : Outcome.KEEP_PROB;
        }
        if (config.levels().stream().noneMatch(level -> admits(level, height, width))) {
            return Outcome.TOO_SMALL;
        }
        return numFrames == 1 ? Outcome.NO_IMAGE_BUCKET : Outcome.TOO_SHORT;
    }

    private static Optional<Bucket> accepted(List<Candidate> chain, ToDoubleFunction<Candidate> draw) {
        for (Candidate candidate : chain) {
            double keep = candidate.keepProbability();
            if (keep == 1 || draw.applyAsDouble(candidate) < keep) {
                return Optional.of(candidate.bucket());
            }
        }
        return Optional.empty();
    }

    /**
     * The buckets that are tried in turn. It ends with the first that takes every clip; those that
     * take none (keep probability 0) are part of it.
     */
    public List<Candidate> chain(int numFrames, int height, int width) {
        if (numFrames < 1 || height < 1 || width < 1) {
            throw new InvalidInputException(String.format(
                    Locale.ROOT,
                    "Cannot assign a clip of %d frames of %dx%d. Give numbers of at least 1.",
                    numFrames,
                    width,
                    height));
        }
        List<Candidate> chain = new ArrayList<>();
        for (BucketConfig.Level level : config.levels()) {
            if (!admits(level, height, width)) {
                continue;
            }
            Optional<BucketConfig.Entry> entry = fitting(level, numFrames);
            if (entry.isEmpty()) {
                continue;
            }
            Resolution resolution = level.resolution();
            double keep = entry.get().keepProbability();
            Bucket bucket = Bucket.of(resolution, entry.get().frames(), resolution.nearest(height, width));
            chain.add(new Candidate(bucket, keep, entry.get().index()));
            if (keep == 1) {
                break;
            }
        }
        return chain;
    }

    private boolean admits(BucketConfig.Level level, int height, int width) {
        return (long) height * width
                >= config.resolutionSlack() * level.resolution().pixels();
    }

    private Optional<BucketConfig.Entry> fitting(BucketConfig.Level level, int numFrames) {
        for (BucketConfig.Entry entry : level.entries()) {
            boolean fits = numFrames == 1
                    ? entry.frames() == 1
                    : entry.frames() != 1 && numFrames > (long) entry.frames() * config.frameInterval();
            if (fits) {
                return Optional.of(entry);
            }
        }
        return Optional.empty();
    }
}
