// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.shot;

import io.sparkreel.bucketing.curate.shot.Shot.Edge;
import io.sparkreel.bucketing.curate.signal.FrameSignals;
import io.sparkreel.bucketing.curate.signal.Intervals;
import io.sparkreel.bucketing.curate.signal.Intervals.Interval;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Cuts a video into shots, by all detectors at once. Black, frozen and mixed frames become shots of their own, so that
 * what is between them can be kept.
 *
 * @param detectors of hard cuts; those that see fades mark them as such
 * @param soft transitions that take time; empty: they are not looked for
 * @param split stretches that become shots of their own
 */
public record ShotCutter(List<ShotDetector> detectors, Optional<SoftTransitions> soft, Split split) {

    /**
     * Which stretches become shots of their own.
     *
     * @param blackShare share of black pixels from which a frame is black
     * @param blackSeconds least time of black frames; infinite: none
     * @param frozenNoise share of 256 up to which frames are the same; the one that the signals were taken with
     * @param frozenSeconds least time of frozen frames; infinite: none
     */
    public record Split(double blackShare, double blackSeconds, double frozenNoise, double frozenSeconds) {}

    public ShotCutter {
        detectors = List.copyOf(detectors);
    }

    /** A place where one stretch ends and the next begins, or a stretch that belongs to neither side. */
    private record Boundary(int from, int until, Edge edge) {}

    /** All frames of the video, each in one shot. */
    public List<Shot> shots(FrameSignals signals) {
        List<Boundary> boundaries = boundaries(signals);
        List<Shot> shots = new ArrayList<>();
        int from = 0;
        Edge begins = Edge.EDGE;
        for (Boundary boundary : boundaries) {
            int at = Math.max(from, boundary.from);
            int until = Math.max(at, boundary.until);
            if (at > from) {
                shots.add(new Shot(new Interval(from, at), begins, boundary.edge));
                begins = boundary.edge;
            }
            if (until > at) {
                Edge after = until == signals.frames() ? Edge.EDGE : boundary.edge;
                shots.add(new Shot(new Interval(at, until), at == 0 ? Edge.EDGE : boundary.edge, after));
                begins = boundary.edge;
            }
            from = until;
        }
        if (from < signals.frames()) {
            shots.add(new Shot(new Interval(from, signals.frames()), begins, Edge.EDGE));
        }
        return shots;
    }

    private List<Boundary> boundaries(FrameSignals signals) {
        List<Boundary> found = new ArrayList<>();
        for (ShotDetector detector : detectors) {
            Edge edge = detector instanceof ThresholdDetector ? Edge.FADE : Edge.CUT;
            for (int cut : detector.cuts(signals)) {
                found.add(new Boundary(cut, cut, edge));
            }
        }
        soft.ifPresent(transitions -> transitions
                .find(signals)
                .forEach(stretch -> found.add(new Boundary(stretch.from(), stretch.until(), Edge.DISSOLVE))));
        if (Double.isFinite(split.blackSeconds)) {
            Intervals.black(signals, split.blackShare, split.blackSeconds)
                    .forEach(stretch -> found.add(new Boundary(stretch.from(), stretch.until(), Edge.BLACK)));
        }
        if (Double.isFinite(split.frozenSeconds)) {
            Intervals.frozen(signals, split.frozenNoise, split.frozenSeconds)
                    .forEach(stretch -> found.add(new Boundary(stretch.from(), stretch.until(), Edge.FROZEN)));
        }
        found.sort(Comparator.comparingInt(Boundary::from)
                .thenComparing(Boundary::until, Comparator.reverseOrder())
                .thenComparing(Boundary::edge));
        return found;
    }
}
