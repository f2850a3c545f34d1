// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model;

import java.util.List;

/**
 * What a line of {@code META-INF/services/io.sparkreel.model.Extension} registers: families of models, diffusion
 * processes, and the records of configuration sections that these and codecs bring along. Nothing else names them.
 */
public interface Extension {
    /** The parts, each of a kind that {@link Extensions#all} is asked for. */
    List<?> parts();
}
