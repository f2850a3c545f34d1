// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

import java.io.Serializable;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * What is measured of frames, and how. Whoever changes one of these has to open the videos again.
 *
 * @param shotSize longest side of the pictures that shots are found in, in pixels; 0: as decoded
 * @param signalSize longest side of the planes that the other signals are taken of, in pixels; 0: as decoded
 * @param taken what is measured; what is not takes no time, and its arrays are empty
 * @param blackLevel share of the way from black to white up to which a pixel is black
 * @param noise share of 256 up to which a frame counts as the same as another
 * @param barLimit mean luma up to which a row or column belongs to a bar
 */
public record SignalOptions(
        int shotSize, int signalSize, Set<Signal> taken, double blackLevel, double noise, int barLimit)
        implements Serializable {

    private static final long serialVersionUID = 1L;

    /** Longest side by default. */
    public static final int SIZE = 256;

    /** Everything but edges, of small pictures, with the levels that FFmpeg's filters have. */
    public static final SignalOptions DEFAULT = new SignalOptions(SIZE, SIZE, false, true, 0.10, 0.001, 24);

    public SignalOptions {
        EnumSet<Signal> copy = EnumSet.noneOf(Signal.class);
        copy.addAll(taken);
        if (copy.contains(Signal.EDGES)) {
            copy.add(Signal.CONTENT); // edges are found in its value
        }
        taken = Collections.unmodifiableSet(copy);
    }

    /** Everything, but edges and the likeness that tells soft transitions only where they are wanted. */
    public SignalOptions(
            int shotSize, int signalSize, boolean edges, boolean soft, double blackLevel, double noise, int barLimit) {
        this(shotSize, signalSize, allBut(edges, soft), blackLevel, noise, barLimit);
    }

    private static Set<Signal> allBut(boolean edges, boolean soft) {
        EnumSet<Signal> all = EnumSet.allOf(Signal.class);
        if (!edges) {
            all.remove(Signal.EDGES);
        }
        if (!soft) {
            all.remove(Signal.SOFT);
        }
        return all;
    }

    /** The same, with nothing measured but these. */
    public SignalOptions only(Collection<Signal> signals) {
        return new SignalOptions(shotSize, signalSize, EnumSet.copyOf(signals), blackLevel, noise, barLimit);
    }

    /** Whether a signal is measured. */
    public boolean takes(Signal signal) {
        return taken.contains(signal);
    }

    boolean takesAny(Set<Signal> signals) {
        return !Collections.disjoint(taken, signals);
    }

    /** Whether changes of edges are measured. */
    public boolean edges() {
        return takes(Signal.EDGES);
    }

    /** Whether the likeness that tells soft transitions is measured. */
    public boolean soft() {
        return takes(Signal.SOFT);
    }
}
