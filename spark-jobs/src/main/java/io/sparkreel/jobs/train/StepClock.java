// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

/** Measures steps between two log lines. */
final class StepClock {
    private long begin = System.nanoTime();
    private long waited;
    private long steps;
    private long samples;

    /** What was measured since the last lap. */
    record Interval(double samplesPerSecond, double secondsPerStep, double waitFraction) {}

    /** Adds time in which the rank waited for data. */
    void waited(long nanoseconds) {
        waited += nanoseconds;
    }

    /** Counts a step. */
    void stepped(int samplesOfStep) {
        steps++;
        samples += samplesOfStep;
    }

    /** Ends an interval and begins the next. */
    Interval lap() {
        long now = System.nanoTime();
        double seconds = (now - begin) / 1e9;
        Interval interval = new Interval(samples / seconds, seconds / Math.max(1, steps), waited / 1e9 / seconds);
        begin = now;
        waited = 0;
        steps = 0;
        samples = 0;
        return interval;
    }
}
