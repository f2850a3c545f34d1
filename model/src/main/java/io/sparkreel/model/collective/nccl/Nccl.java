// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.nccl;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import io.sparkreel.model.collective.Collective;
import io.sparkreel.model.collective.CollectiveException;
import io.sparkreel.model.collective.Daemons;
import io.sparkreel.model.collective.FlatRange;
import io.sparkreel.model.collective.Work;
import io.sparkreel.model.collective.nccl.NcclLibrary.UniqueId;
import io.sparkreel.model.collective.ring.TcpRing;
import io.sparkreel.model.torch.Torch;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/**
 * Ranks whose data lies on GPUs. Ranges of a GPU's memory are reduced by NCCL on a stream of its own, after all that the
 * calling thread has queued so far and beside what it queues later. A {@link TcpRing} beside it carries everything else,
 * and watches the ranks: when it fails, what NCCL has under way is aborted, so that no rank waits for one that is gone.
 */
public final class Nccl implements Collective {

    private static final long POLL_NANOS = 20_000;
    private static final long WATCH_MILLIS = 50;
    private static final long ABORT_PATIENCE_SECONDS = 5;
    /** NCCL may be slow to connect; a rank that stalls is found by the ring long before. */
    private static final int STALLS = 4;

    private final TcpRing ring;
    private final NcclLibraries libraries;
    private final int device;
    private final LongSupplier computeStream;
    private final long patienceNanos;
    private final Pointer stream;
    private final Pointer communicator;
    private final ReentrantLock use = new ReentrantLock(); // of the communicator
    private final Thread watchdog;
    private volatile boolean aborted;
    private volatile boolean closed;

    /**
     * Joins the GPUs of all ranks of {@code ring}, which belongs to the result and is closed if this fails.
     *
     * @param device number of this rank's GPU, as libtorch counts
     * @throws io.sparkreel.model.InvalidInputException if NCCL or the CUDA runtime is not there
     * @throws CollectiveException if NCCL cannot join them
     */
    public static Nccl over(TcpRing ring, int device, Duration stallTimeout) {
        try {
            return over(ring, device, stallTimeout, NcclLibraries.find(), () -> Torch.currentStream(device));
        } catch (RuntimeException failed) {
            ring.close();
            throw failed;
        }
    }

    static Nccl over(
            TcpRing ring, int device, Duration stallTimeout, NcclLibraries libraries, LongSupplier computeStream) {
        libraries.checkCuda(libraries.cuda().cudaSetDevice(device), "select GPU " + device);
        Memory id = new Memory(UniqueId.BYTES);
        if (ring.rank() == 0) {
            libraries.checkNccl(libraries.nccl().ncclGetUniqueId(id), "make the ranks' common name");
        }
        ring.broadcast(id.getByteBuffer(0, UniqueId.BYTES), 0);
        Pointer communicator = join(ring, libraries, device, id, stallTimeout.multipliedBy(STALLS));
        PointerByReference stream = new PointerByReference();
        libraries.checkCuda(
                libraries.cuda().cudaStreamCreateWithFlags(stream, CudaRuntime.STREAM_NON_BLOCKING), "make a stream");
        return new Nccl(ring, libraries, device, stallTimeout, communicator, stream.getValue(), computeStream);
    }

    private Nccl(
            TcpRing ring,
            NcclLibraries libraries,
            int device,
            Duration stallTimeout,
            Pointer communicator,
            Pointer stream,
            LongSupplier computeStream) {
        this.ring = ring;
        this.libraries = libraries;
        this.device = device;
        this.computeStream = computeStream;
        this.patienceNanos = stallTimeout.multipliedBy(STALLS).toNanos();
        this.communicator = communicator;
        this.stream = stream;
        this.watchdog = Daemons.start("nccl", ring.rank(), this::watch);
    }

    /** NCCL waits here for all ranks, and cannot be interrupted: so another thread waits, while this one looks around. */
    private static Pointer join(TcpRing ring, NcclLibraries libraries, int device, Memory id, Duration patience) {
        UniqueId name = new UniqueId();
        id.read(0, name.internal, 0, UniqueId.BYTES);
        CompletableFuture<Pointer> joined = new CompletableFuture<>();
        Daemons.start("nccl-join", ring.rank(), () -> {
            try {
                libraries.checkCuda(libraries.cuda().cudaSetDevice(device), "select GPU " + device);
                PointerByReference communicator = new PointerByReference();
                libraries.checkNccl(
                        libraries.nccl().ncclCommInitRank(communicator, ring.worldSize(), name, ring.rank()),
                        "join the GPUs of all ranks");
                joined.complete(communicator.getValue());
            } catch (Throwable failed) {
                joined.completeExceptionally(failed);
            }
        });
        long deadline = System.nanoTime() + patience.toNanos();
        while (true) {
            try {
                return joined.get(WATCH_MILLIS, TimeUnit.MILLISECONDS);
            } catch (TimeoutException waiting) {
                ring.reportProgress();
                if (ring.hasFailed()) {
                    throw ring.watch().exception("joining the GPUs");
                }
                if (System.nanoTime() - deadline > 0) {
                    throw new CollectiveException(
                            ring.rank(),
                            "Cannot join the GPUs of all ranks: NCCL did not finish within "
                                    + patience.toSeconds() + " s on rank " + ring.rank()
                                    + ". Set NCCL_DEBUG=INFO on the executors and see their logs.");
                }
            } catch (InterruptedException interrupt) {
                ring.watch().interrupted(interrupt);
                Thread.currentThread().interrupt();
                throw ring.watch().exception("joining the GPUs");
            } catch (ExecutionException failed) {
                throw new CollectiveException(ring.rank(), failed.getCause().getMessage(), failed.getCause());
            }
        }
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
        return launch("all-reduce", range, () -> {
            Pointer data = pointer(range, 0);
            return nccl().ncclAllReduce(
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
            return launch(
                    "reduce-scatter",
                    range,
                    () -> nccl().ncclReduceScatter(
                                    pointer(range, 0),
                                    pointer(range, rank() * count),
                                    count,
                                    NcclLibrary.FLOAT32,
                                    NcclLibrary.SUM,
                                    communicator,
                                    stream));
        }
        return launch(
                "reduce-scatter",
                range,
                () -> eachPart(
                        range,
                        (part, data, count) -> nccl().ncclReduce(
                                        data,
                                        data,
                                        count,
                                        NcclLibrary.FLOAT32,
                                        NcclLibrary.SUM,
                                        part,
                                        communicator,
                                        stream)));
    }

    @Override
    public Work allGatherParts(FlatRange range) {
        if (range.isOnHost()) {
            return ring.allGatherParts(range);
        }
        if (range.elements() % worldSize() == 0) {
            long count = range.elements() / worldSize();
            return launch(
                    "all-gather",
                    range,
                    () -> nccl().ncclAllGather(
                                    pointer(range, rank() * count),
                                    pointer(range, 0),
                                    count,
                                    NcclLibrary.FLOAT32,
                                    communicator,
                                    stream));
        }
        return launch(
                "all-gather",
                range,
                () -> eachPart(
                        range,
                        (part, data, count) -> nccl().ncclBroadcast(
                                        data, data, count, NcclLibrary.FLOAT32, part, communicator, stream)));
    }

    private interface PartCall {
        int apply(int part, Pointer data, long count);
    }

    /** Parts of different sizes, as one operation; NCCL's own takes equal ones alone. */
    private int eachPart(FlatRange range, PartCall call) {
        int result = nccl().ncclGroupStart();
        for (int part = 0; part < worldSize() && result == 0; part++) {
            long begin = FlatRange.partBegin(range.elements(), part, worldSize());
            long count = FlatRange.partBegin(range.elements(), part + 1, worldSize()) - begin;
            result = count == 0 ? 0 : call.apply(part, pointer(range, begin), count);
        }
        int ended = nccl().ncclGroupEnd();
        return result == 0 ? ended : result;
    }

    private static Pointer pointer(FlatRange range, long element) {
        return new Pointer(range.address(element));
    }

    private NcclLibrary nccl() {
        return libraries.nccl();
    }

    private interface Launch {
        /** @return NCCL's result */
        int call();
    }

    private Work launch(String name, FlatRange range, Launch launch) {
        String what = name + " of " + range.elements() + " values on GPU " + device;
        ring.reportProgress();
        use.lock();
        try {
            if (ring.hasFailed()) {
                throw ring.watch().exception(what);
            }
            if (closed) {
                throw new CollectiveException(
                        rank(),
                        "Cannot start " + what + ": rank " + rank()
                                + " has closed its group. Close it after the last operation.");
            }
            libraries.checkCuda(libraries.cuda().cudaSetDevice(device), "select GPU " + device);
            Pointer before = event();
            record(before, new Pointer(computeStream.getAsLong()));
            libraries.checkCuda(libraries.cuda().cudaStreamWaitEvent(stream, before, 0), "wait for a computation");
            libraries.cuda().cudaEventDestroy(before);
            int result = launch.call();
            if (result != 0) {
                fail("could not start " + what + " (NCCL: " + nccl().ncclGetErrorString(result) + ")");
                throw ring.watch().exception(what);
            }
            Pointer done = event();
            record(done, stream);
            return new DeviceWork(what, done);
        } finally {
            use.unlock();
        }
    }

    private Pointer event() {
        PointerByReference event = new PointerByReference();
        libraries.checkCuda(
                libraries.cuda().cudaEventCreateWithFlags(event, CudaRuntime.EVENT_DISABLE_TIMING), "make an event");
        return event.getValue();
    }

    private void record(Pointer event, Pointer on) {
        libraries.checkCuda(libraries.cuda().cudaEventRecord(event, on), "record an event");
    }

    /** Something queued on the stream, done once its event is. */
    private final class DeviceWork implements Work {
        private final String what;
        private Pointer done; // null once it has been seen
        private boolean broken;

        DeviceWork(String what, Pointer done) {
            this.what = what;
            this.done = done;
        }

        @Override
        public synchronized boolean isDone() {
            if (done == null) {
                return true;
            }
            int status = libraries.cuda().cudaEventQuery(done);
            if (status == CudaRuntime.NOT_READY) {
                return false;
            }
            if (status != 0) {
                fail("could not finish " + what + " (CUDA: " + libraries.cuda().cudaGetErrorString(status) + ")");
            }
            libraries.cuda().cudaEventDestroy(done);
            done = null;
            // An aborted operation is done too; its values are of no use.
            broken = status != 0 || aborted || ring.hasFailed();
            return true;
        }

        @Override
        public void await() {
            long since = System.nanoTime();
            ring.watch().waitElsewhere(true);
            try {
                while (!isDone()) {
                    if (Thread.currentThread().isInterrupted()) {
                        ring.watch().interrupted(new InterruptedException());
                    } else if (System.nanoTime() - since > patienceNanos) {
                        fail("has waited " + TimeUnit.NANOSECONDS.toSeconds(patienceNanos) + " s for NCCL to finish "
                                + what);
                    }
                    if (Thread.currentThread().isInterrupted()) {
                        Thread.onSpinWait();
                    } else {
                        LockSupport.parkNanos(POLL_NANOS);
                    }
                }
            } finally {
                ring.watch().waitElsewhere(false);
            }
            if (broken) {
                throw ring.watch().exception(what);
            }
        }
    }

    private void fail(String did) {
        ring.watch().fail(did);
    }

    /** Aborts what is under way once a rank has failed, and fails when NCCL itself has. */
    private void watch() {
        IntByReference error = new IntByReference();
        try {
            while (!closed) {
                if (ring.hasFailed()) {
                    abort();
                    return;
                }
                int result = nccl().ncclCommGetAsyncError(communicator, error);
                int found = result == 0 ? error.getValue() : result;
                if (found != 0 && found != NcclLibrary.IN_PROGRESS) {
                    fail("had an error in NCCL: " + nccl().ncclGetErrorString(found));
                } else {
                    Thread.sleep(WATCH_MILLIS);
                }
            }
        } catch (InterruptedException interrupt) {
            ring.watch().interrupted(interrupt);
            abort();
        }
    }

    private void abort() {
        boolean alone = false;
        try {
            // A call into NCCL may itself hang; then it is the abort that ends it.
            alone = use.tryLock(ABORT_PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException interrupt) {
            Thread.currentThread().interrupt();
        }
        try {
            if (!aborted && !closed) {
                aborted = true;
                nccl().ncclCommAbort(communicator);
            }
        } finally {
            if (alone) {
                use.unlock();
            }
        }
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
        use.lock();
        try {
            if (closed) {
                return;
            }
            if (!ring.hasFailed()) {
                closed = true;
                nccl().ncclCommDestroy(communicator);
            }
        } finally {
            use.unlock();
        }
        // After a failure the watchdog aborts; else it ends by itself.
        Daemons.join(watchdog);
        closed = true;
        libraries.cuda().cudaStreamDestroy(stream);
        ring.close();
    }
}
