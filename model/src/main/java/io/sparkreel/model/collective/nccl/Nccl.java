// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.nccl;

import com.sun.jna.Pointer;
import io.sparkreel.model.collective.Collective;
import io.sparkreel.model.collective.CollectiveException;
import io.sparkreel.model.collective.FlatRange;
import io.sparkreel.model.collective.Work;
import io.sparkreel.model.collective.ring.TcpRing;
import io.sparkreel.model.torch.Torch;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Ranks whose data lies on GPUs. Ranges of a GPU's memory are reduced by NCCL on a stream of its own, after all that the
 * calling thread has queued so far and beside what it queues later. A {@link TcpRing} beside it carries everything else,
 * and watches the ranks: when it fails, what NCCL has under way is aborted, so that no rank waits for one that is gone.
 */
public final class Nccl implements Collective {

    /** NCCL may be slow to connect; a rank that stalls is found by the ring long before. */
    private static final int STALLS = 4;

    private final TcpRing ring;
    private final NcclGroup group;

    private Nccl(TcpRing ring, NcclGroup group) {
        this.ring = ring;
        this.group = group;
    }

    /**
     * Joins the GPUs of all ranks of {@code ring}, which belongs to the result and is closed if this fails.
     *
     * @param device number of this rank's GPU, as libtorch counts
     * @throws io.sparkreel.model.InvalidInputException if NCCL or the CUDA runtime is not there
     * @throws CollectiveException if NCCL cannot join them
     */
    public static Nccl over(TcpRing ring, int device, Duration stallTimeout) {
        try {
            return over(
                    ring,
                    device,
                    stallTimeout,
                    NcclLibraries.find(),
                    () -> Torch.currentStream(device),
                    System::nanoTime);
        } catch (RuntimeException failed) {
            ring.close();
            throw failed;
        }
    }

    static Nccl over(
            TcpRing ring,
            int device,
            Duration stallTimeout,
            NcclLibraries libraries,
            LongSupplier computeStream,
            LongSupplier nanoTime) {
        Duration patience = stallTimeout.multipliedBy(STALLS);
        return new Nccl(ring, NcclGroup.join(ring, device, patience, libraries, computeStream, nanoTime));
    }

    @Override
    public int rank() {
        return ring.rank();
    }

    @Override
    public int worldSize() {
        return ring.worldSize();
    }

    @Override
    public Work allReduceSum(FlatRange range) {
        if (range.isOnHost()) {
            return ring.allReduceSum(range);
        }
        return group.launch("all-reduce", range, (nccl, communicator, stream) -> {
            Pointer data = pointer(range, 0);
            return nccl.ncclAllReduce(
                    data, data, range.elements(), NcclLibrary.FLOAT32, NcclLibrary.SUM, communicator, stream);
        });
    }

    @Override
    public Work reduceScatterSum(FlatRange range) {
        if (range.isOnHost()) {
            return ring.reduceScatterSum(range);
        }
        if (range.elements() % worldSize() == 0) {
            long count = range.elements() / worldSize();
            return group.launch(
                    "reduce-scatter",
                    range,
                    (nccl, communicator, stream) -> nccl.ncclReduceScatter(
                            pointer(range, 0),
                            pointer(range, rank() * count),
                            count,
                            NcclLibrary.FLOAT32,
                            NcclLibrary.SUM,
                            communicator,
                            stream));
        }
        return group.launch(
                "reduce-scatter",
                range,
                (nccl, communicator, stream) -> eachPart(
                        nccl,
                        range,
                        (part, data, count) -> nccl.ncclReduce(
                                data, data, count, NcclLibrary.FLOAT32, NcclLibrary.SUM, part, communicator, stream)));
    }

    @Override
    public Work allGatherParts(FlatRange range) {
        if (range.isOnHost()) {
            return ring.allGatherParts(range);
        }
        if (range.elements() % worldSize() == 0) {
            long count = range.elements() / worldSize();
            return group.launch(
                    "all-gather",
                    range,
                    (nccl, communicator, stream) -> nccl.ncclAllGather(
                            pointer(range, rank() * count),
                            pointer(range, 0),
                            count,
                            NcclLibrary.FLOAT32,
                            communicator,
                            stream));
        }
        return group.launch(
                "all-gather",
                range,
                (nccl, communicator, stream) -> eachPart(
                        nccl,
                        range,
                        (part, data, count) -> nccl.ncclBroadcast(
                                data, data, count, NcclLibrary.FLOAT32, part, communicator, stream)));
    }

    private interface PartCall {
        int apply(int part, Pointer data, long count);
    }

    /** Parts of different sizes, as one operation; NCCL's own takes equal ones alone. */
    private int eachPart(NcclLibrary nccl, FlatRange range, PartCall call) {
        int result = nccl.ncclGroupStart();
        for (int part = 0; part < worldSize() && result == 0; part++) {
            long begin = FlatRange.partBegin(range.elements(), part, worldSize());
            long count = FlatRange.partBegin(range.elements(), part + 1, worldSize()) - begin;
            result = count == 0 ? 0 : call.apply(part, pointer(range, begin), count);
        }
        int ended = nccl.ncclGroupEnd();
        return result == 0 ? ended : result;
    }

    private static Pointer pointer(FlatRange range, long element) {
        return new Pointer(range.address(element));
    }

    @Override
    public void broadcast(ByteBuffer range, int root) {
        ring.broadcast(range, root);
    }

    @Override
    public void barrier() {
        ring.barrier();
    }

    @Override
    public byte[][] allGather(byte[] mine) {
        return ring.allGather(mine);
    }

    @Override
    public void reportProgress() {
        ring.reportProgress();
    }

    @Override
    public boolean hasFailed() {
        return ring.hasFailed();
    }

    @Override
    public void close() {
        group.close();
        ring.close();
    }
}
