// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.bucket;

import java.io.Serializable;

/**
 * One shape of a resolution.
 *
 * @param label height divided by width as written in tables and bucket names
 * @param height target height in pixels
 * @param width target width in pixels
 */
public record AspectRatio(String label, int height, int width) implements Serializable {

    /** The number the label stands for. */
    public double value() {
        return Double.parseDouble(label);
    }
}
