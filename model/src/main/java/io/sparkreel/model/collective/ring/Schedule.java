// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.ring;

import io.sparkreel.model.collective.FlatRange;
import java.util.Arrays;

/**
 * What one rank sends and receives for one operation on one stream, slice by slice. A rank sends only to its right
 * neighbour and receives only from its left. First it sends {@code ownSends} slices of its own, then, in order, the
 * first {@code forwards} slices it received: so send {@code ownSends + j} must wait for receive {@code j}, and receive
 * {@code j} of a rank is send {@code j} of its left neighbour.
 *
 * <p>The first {@code additions} receives are added to what the buffer holds, the later ones replace it.
 *
 * <p>All-reduce is the ring algorithm of Patarasu and Yuan (2009): chunk c starts at rank c + 1 and gathers one rank's
 * values at each hop, ((x[c+1] + x[c+2]) + x[c+3]) + ..., until it arrives at rank c; then its sum travels round once
 * more. Reduce-scatter is the first half of that. Chunks depend only on the number of elements and ranks, so slices and
 * streams never change the order of additions.
 */
public final class Schedule {

    private static final int SMALLEST_SLICE = 1 << 16;
    private static final int SLICES_IN_FLIGHT = 8;

    private final int[] offsets;
    private final int[] lengths;
    private final int ownSends;
    private final int receives;
    private final int partialSums;
    private final int additions;
    private final int forwards;

    private Schedule(Slices own, Slices received, int partialSums, int additions, int forwards) {
        Slices all = new Slices();
        all.append(own);
        all.append(received);
        this.offsets = all.offsets();
        this.lengths = all.lengths();
        this.ownSends = own.size;
        this.receives = received.size;
        this.partialSums = partialSums;
        this.additions = additions;
        this.forwards = forwards;
    }

    /** How operations are cut for the streams of a ring. */
    record Cut(int rank, int worldSize, int stream, int streams, int sliceBytes) {

        /** The slices of chunk {@code chunk}, bytes {@code from} to {@code to}, that travel on this stream. */
        private Slices slices(int chunk, int from, int to, int sliceLength) {
            Slices slices = new Slices();
            int number = chunk;
            for (int offset = from; offset < to; offset += Math.min(sliceLength, to - offset), number++) {
                if (number % streams == stream) {
                    slices.add(offset, Math.min(sliceLength, to - offset));
                }
            }
            return slices;
        }

        /** Small operations are cut finer, so that sending, receiving and adding overlap in them too. */
        private int sliceLength(int chunkBytes) {
            int fine = chunkBytes / (SLICES_IN_FLIGHT * streams) & -4096;
            return Math.min(sliceBytes, Math.max(SMALLEST_SLICE, fine));
        }
    }

    /** Sum of {@code bytes / 4} fp32 values over all ranks, on all ranks. */
    static Schedule allReduce(int bytes, Cut cut) {
        return round(parts(bytes, cut.worldSize), cut.rank - 1, cut.worldSize - 1, cut.worldSize - 1, cut);
    }

    /** The same sum, of which rank r gets part r. */
    static Schedule reduceScatter(int bytes, Cut cut) {
        return round(parts(bytes, cut.worldSize), cut.rank - 1, cut.worldSize - 1, 0, cut);
    }

    /** Chunk r, bytes {@code bounds[r]} to {@code bounds[r + 1]}, goes from rank r to all others. */
    static Schedule allGather(int[] bounds, Cut cut) {
        return round(bounds, cut.rank, 0, cut.worldSize - 1, cut);
    }

    /** Bounds of the parts that the ranks own among {@code bytes / 4} fp32 values. */
    static int[] parts(int bytes, int worldSize) {
        int[] bounds = new int[worldSize + 1];
        for (int part = 0; part <= worldSize; part++) {
            bounds[part] = (int) FlatRange.partBegin(bytes / Float.BYTES, part, worldSize) * Float.BYTES;
        }
        return bounds;
    }

    /** Sends chunk {@code first}; then receives, first sums in the making, then finished chunks, and sends them on. */
    private static Schedule round(int[] bounds, int first, int sumSteps, int copySteps, Cut cut) {
        int largest = 0;
        for (int chunk = 0; chunk < cut.worldSize; chunk++) {
            largest = Math.max(largest, bounds[chunk + 1] - bounds[chunk]);
        }
        int sliceLength = cut.sliceLength(largest);
        Slices received = new Slices();
        int partialSums = 0;
        int additions = 0;
        int forwards = 0;
        for (int step = 0; step < sumSteps + copySteps; step++) {
            int chunk = Math.floorMod(first - (step + 1), cut.worldSize);
            forwards = received.size;
            partialSums = step < sumSteps ? received.size : partialSums;
            received.append(cut.slices(chunk, bounds[chunk], bounds[chunk + 1], sliceLength));
            additions = step < sumSteps ? received.size : additions;
        }
        int own = Math.floorMod(first, cut.worldSize);
        return new Schedule(
                cut.slices(own, bounds[own], bounds[own + 1], sliceLength), received, partialSums, additions, forwards);
    }

    /** {@code bytes} bytes travel from {@code root} round the ring to its left neighbour. */
    static Schedule broadcast(int bytes, int root, Cut cut) {
        Slices whole = cut.slices(0, 0, bytes, cut.sliceLength(bytes));
        if (cut.rank == root) {
            return new Schedule(whole, new Slices(), 0, 0, 0);
        }
        boolean last = (cut.rank + 1) % cut.worldSize == root;
        return new Schedule(new Slices(), whole, 0, 0, last ? 0 : whole.size);
    }

    int sends() {
        return ownSends + forwards;
    }

    int receives() {
        return receives;
    }

    /** Whether send {@code index} may start once {@code received} slices have been received. */
    boolean maySend(int index, int received) {
        return index < ownSends + received;
    }

    /** What becomes of receive {@code receive}: the last additions complete the sum of the chunk that this rank owns. */
    SliceReceiver.Arrival arrival(int receive) {
        if (receive >= additions) {
            return SliceReceiver.Arrival.STORE;
        }
        return receive < partialSums ? SliceReceiver.Arrival.ADD : SliceReceiver.Arrival.COMPLETE;
    }

    int sendOffset(int index) {
        return offsets[index];
    }

    int sendLength(int index) {
        return lengths[index];
    }

    int receiveOffset(int index) {
        return offsets[ownSends + index];
    }

    int receiveLength(int index) {
        return lengths[ownSends + index];
    }

    private static final class Slices {
        private int[] pairs = new int[16];
        private int size;

        void add(int offset, int length) {
            if (2 * size == pairs.length) {
                pairs = Arrays.copyOf(pairs, 2 * pairs.length);
            }
            pairs[2 * size] = offset;
            pairs[2 * size + 1] = length;
            size++;
        }

        void append(Slices other) {
            for (int index = 0; index < other.size; index++) {
                add(other.pairs[2 * index], other.pairs[2 * index + 1]);
            }
        }

        int[] offsets() {
            int[] offsets = new int[size];
            Arrays.setAll(offsets, index -> pairs[2 * index]);
            return offsets;
        }

        int[] lengths() {
            int[] lengths = new int[size];
            Arrays.setAll(lengths, index -> pairs[2 * index + 1]);
            return lengths;
        }
    }
}
