// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.watch;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.util.AccumulatorV2;

/**
 * The last lines that a task wrote for the driver. They travel with Spark's heartbeats, so a run can be watched
 * without another port.
 */
public final class RecentLines extends AccumulatorV2<String, List<RecentLines.Line>> {
    private static final long serialVersionUID = 1L;
    private static final int KEPT = 500;
    /** Long enough for many heartbeats, so that none need arrive. */
    private static final long KEPT_MS = 60_000;

    /** A line, the rank that wrote it, its number among those of that rank, from 0, and when it was written. */
    public record Line(int rank, long number, String text, long millis) implements Serializable {
        private static final long serialVersionUID = 1L;
    }

    /** Replaced as a whole: the heartbeat thread reads while threads of the task write. */
    private volatile ArrayList<Line> lines = new ArrayList<>();

    private transient int rank;
    private transient long next;

    /** From now on lines are written as this rank's; until then as those of rank 0. */
    public synchronized void writeAs(int rank) {
        this.rank = rank;
    }

    @Override
    public boolean isZero() {
        return lines.isEmpty();
    }

    @Override
    public AccumulatorV2<String, List<Line>> copy() {
        RecentLines copy = new RecentLines();
        copy.lines = lines;
        return copy;
    }

    @Override
    public void reset() {
        lines = new ArrayList<>();
    }

    @Override
    public synchronized void add(String text) {
        List<Line> before = lines;
        long now = System.currentTimeMillis();
        ArrayList<Line> after = new ArrayList<>(before.subList(Math.max(0, before.size() - KEPT + 1), before.size()));
        after.removeIf(line -> now - line.millis() > KEPT_MS);
        after.add(new Line(rank, next++, text, now));
        lines = after;
    }

    @Override
    public void merge(AccumulatorV2<String, List<Line>> other) {
        ArrayList<Line> all = new ArrayList<>(lines);
        all.addAll(other.value());
        lines = all;
    }

    @Override
    public List<Line> value() {
        return lines;
    }
}
