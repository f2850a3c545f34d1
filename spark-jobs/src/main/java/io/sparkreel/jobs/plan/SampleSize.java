// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.plan;

import java.io.Serializable;
import org.apache.spark.sql.Row;

/**
 * What a clip is brought to before it is encoded.
 *
 * @param frames of a sample
 * @param height pixels
 * @param width pixels
 */
public record SampleSize(int frames, int height, int width) implements Serializable {
    private static final long serialVersionUID = 1L;

    /** @param row of the shards */
    public static SampleSize of(Row row) {
        return new SampleSize(
                row.<Integer>getAs("bucket_frames"), row.<Integer>getAs("height_px"), row.<Integer>getAs("width_px"));
    }

    /** Bytes of the decoded frames: three fp32 channels. */
    public long bytes() {
        return 3L * Float.BYTES * frames * height * width;
    }
}
