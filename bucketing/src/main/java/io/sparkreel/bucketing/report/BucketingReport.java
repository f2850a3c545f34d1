// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.report;

import io.sparkreel.bucketing.bucket.Bucket;
import io.sparkreel.bucketing.bucket.Outcome;
import java.util.List;
import java.util.Map;

/**
 * What a bucketing run came to, for people.
 *
 * @param title what was bucketed
 * @param facts of the run, such as seed and fingerprint, as name and value
 * @param media the clips as a whole
 * @param draws independent draws; outcomes and rows are sums over them
 * @param outcomes what became of each clip in each draw; they add up to clips times draws
 * @param cells one for each configured pair of resolution and frames
 * @param buckets the buckets that hold clips
 * @param plans what training on these buckets would be like for some numbers of ranks; none where a bucket has no batch
 *     size
 * @param quarantine files put aside by reason
 */
public record BucketingReport(
        String title,
        Map<String, String> facts,
        Media media,
        int draws,
        Map<Outcome, Long> outcomes,
        List<Cell> cells,
        List<Shelf> buckets,
        List<Plan> plans,
        Map<String, Long> quarantine) {

    /**
     * An epoch of training with the model that was published with these buckets, STDiT2-XL/2.
     *
     * @param microBatches of a step
     * @param steps of an epoch
     * @param efficiency part of the ranks' time in which they do not wait for the most loaded one
     */
    public record Plan(int ranks, int microBatches, long steps, double efficiency) {}

    /**
     * The clips as a whole.
     *
     * @param seconds of all videos
     * @param bytes of all files
     * @param sizes clips by the largest predefined resolution whose pixels they have, smallest first
     */
    public record Media(long videos, long images, double seconds, long bytes, Map<String, Long> sizes) {

        public Media {
            sizes = java.util.Collections.unmodifiableMap(new java.util.LinkedHashMap<>(sizes));
        }

        long clips() {
            return videos + images;
        }
    }

    /**
     * A pair of resolution and frames.
     *
     * @param keepProbability as configured
     * @param rows clips in it, over all draws
     * @param expected clips that the rule puts there on average, over all draws
     */
    public record Cell(String resolution, int frames, double keepProbability, long rows, double expected) {}

    /**
     * A bucket with clips.
     *
     * @param rows clips in it, over all draws
     * @param batchSize of a micro-batch, null where none is configured
     * @param tokens latent tokens of one sample in the model
     * @param thumbnail a JPEG of one of its clips; null when it could not be decoded
     * @param source of the thumbnail
     * @param examples some of its clips
     */
    public record Shelf(
            Bucket bucket,
            long rows,
            Integer batchSize,
            long tokens,
            byte[] thumbnail,
            String source,
            List<Example> examples) {

        long batches() {
            return batchSize == null ? 0 : (rows + batchSize - 1) / batchSize;
        }
    }

    /** A clip of a bucket. */
    public record Example(String uri, String caption) {}

    /** Latent pixels of a side: the autoencoder divides by eight. */
    private static final int LATENT = 8;

    /** Latent pixels of the side of a patch. */
    private static final int PATCH = 2;

    /**
     * Tokens of one sample in STDiT2 as published: the autoencoder divides height and width by 8,
     * rounding down; patches are 1x2x2, the last row and column padded.
     */
    public static long tokens(Bucket bucket) {
        long rows = ((long) bucket.height() / LATENT + PATCH - 1) / PATCH;
        long columns = ((long) bucket.width() / LATENT + PATCH - 1) / PATCH;
        return bucket.frames() * rows * columns;
    }

    /** The report as one HTML page that needs nothing else. */
    public String html() {
        return new ReportPage(this).html();
    }
}
