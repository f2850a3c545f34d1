// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media.scale;

/** Height and width of a picture in pixels. */
public record Size(int height, int width) {}
