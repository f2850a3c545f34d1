// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import io.sparkreel.model.train.StepReport;

/** Measures the steps between two log lines. */
final class StepInterval {
    private long begin = System.nanoTime();
    private long waited;
    private long steps;
    private long samples;
    private double loss;
    private double squaredError;
    private double variationalBound;

    /**
     * What was measured since the last lap; the terms of the loss are means over samples.
     *
     * @param waitFraction share of the time in which the rank waited for data
     */
    record Lap(double loss, double squaredError, double variationalBound,
            double samplesPerSecond, double secondsPerStep, double waitFraction) {}

    /** Adds time in which the rank waited for data. */
    void waited(long nanoseconds) {
        waited += nanoseconds;
    }

    /** Counts a step. */
    void stepped(StepReport report) {
        steps++;
        samples += report.samples();
        loss += report.loss() * report.samples();
        squaredError += report.squaredError() * report.samples();
        variationalBound += report.variationalBound() * report.samples();
    }

    /** Ends an interval and begins the next. */
    Lap lap() {
        long now = System.nanoTime();
        double seconds = (now - begin) / 1e9;
        Lap lap = new Lap(loss / samples, squaredError / samples, variationalBound / samples,
                samples / seconds, seconds / Math.max(1, steps), waited / 1e9 / seconds);
        begin = now;
        waited = 0;
        steps = 0;
        samples = 0;
        loss = 0;
        squaredError = 0;
        variationalBound = 0;
        return lap;
    }
}
