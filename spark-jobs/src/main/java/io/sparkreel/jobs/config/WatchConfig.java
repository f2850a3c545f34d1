// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config;

/**
 * What one sees of a training run while it goes on.
 *
 * @param peakTflops 10^12 operations a second that the device of one rank can do at most, for the share of it that the
 *     model uses; null ({@code auto}): by the data sheet of a GPU that is known, and not told for other devices
 */
public record WatchConfig(
        @Default("auto") Double peakTflops)
        implements Section {
    public WatchConfig {
        Check.that(peakTflops == null || peakTflops > 0, "peak_tflops", peakTflops, "a number above 0");
    }
}
