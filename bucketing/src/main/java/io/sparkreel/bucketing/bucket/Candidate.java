// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.bucket;

/**
 * A bucket that a clip fits.
 *
 * @param bucket where the clip would go
 * @param keepProbability chance that it goes there
 * @param index number of the pair of resolution and frames ({@link BucketConfig.Entry#index})
 */
public record Candidate(Bucket bucket, double keepProbability, int index) {

    /** Keys the random draw. */
    public String tag() {
        return Bucket.tag(bucket.resolution(), bucket.frames());
    }
}
