// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.nccl;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import io.sparkreel.model.collective.CollectiveException;
import io.sparkreel.model.collective.Daemons;
import io.sparkreel.model.collective.FlatRange;
import io.sparkreel.model.collective.Work;
import io.sparkreel.model.collective.nccl.NcclLibrary.UniqueId;
import io.sparkreel.model.collective.ring.RingWatch;
import io.sparkreel.model.collective.ring.TcpRing;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/**
 * This rank's membership in an NCCL communicator: queues operations on a stream of its own, waits for them, and aborts
 * them once the ring beside it has failed.
 */
final class NcclGroup implements AutoCloseable {

    private static final long POLL_NANOS = 20_000;
    private static final long WATCH_MILLIS = 50;
    private static final long ABORT_PATIENCE_SECONDS = 5;

    private final TcpRing ring;
    private final RingWatch watch;
    private final NcclLibraries libraries;
    private final int device;
    private final LongSupplier computeStream;
    private final LongSupplier nanoTime;
    private final long patienceNanos;
    private final Pointer stream;
    private final Pointer communicator;
    private final ReentrantLock use = new ReentrantLock(); // of the communicator
    private final Thread watchdog;
    private volatile boolean aborted;
    private volatile boolean closed;

    /**
     * Joins the GPUs of all ranks of {@code ring}.
     *
     * @param device number of this rank's GPU, as libtorch counts
     * @param patience time that NCCL has to join the ranks, and to finish an operation
     * @param computeStream address of the stream that holds the computations an operation must wait for
     * @param nanoTime the clock by which NCCL takes too long
     */
    static NcclGroup join(
            TcpRing ring,
            int device,
            Duration patience,
            NcclLibraries libraries,
            LongSupplier computeStream,
            LongSupplier nanoTime) {
        libraries.checkCuda(libraries.cuda().cudaSetDevice(device), "select GPU " + device);
        Memory id = new Memory(UniqueId.BYTES);
        if (ring.rank() == 0) {
            libraries.checkNccl(libraries.nccl().ncclGetUniqueId(id), "make the ranks' common name");
        }
        ring.broadcast(id.getByteBuffer(0, UniqueId.BYTES), 0);
        Pointer communicator = communicator(ring, libraries, device, id, patience, nanoTime);
        PointerByReference stream = new PointerByReference();
        libraries.checkCuda(
                libraries.cuda().cudaStreamCreateWithFlags(stream, CudaRuntime.STREAM_NON_BLOCKING), "make a stream");
        return new NcclGroup(
                ring, libraries, device, patience, communicator, stream.getValue(), computeStream, nanoTime);
    }

    private NcclGroup(
            TcpRing ring,
            NcclLibraries libraries,
            int device,
            Duration patience,
            Pointer communicator,
            Pointer stream,
            LongSupplier computeStream,
            LongSupplier nanoTime) {
        this.ring = ring;
        this.watch = ring.watch();
        this.libraries = libraries;
        this.device = device;
        this.computeStream = computeStream;
        this.nanoTime = nanoTime;
        this.patienceNanos = patience.toNanos();
        this.communicator = communicator;
        this.stream = stream;
        this.watchdog = Daemons.start("nccl", ring.rank(), this::watch);
    }

    /** NCCL waits here for all ranks, and cannot be interrupted: so another thread waits, while this one looks around. */
    private static Pointer communicator(
            TcpRing ring, NcclLibraries libraries, int device, Memory id, Duration patience, LongSupplier nanoTime) {
        RingWatch watch = ring.watch();
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
        long deadline = nanoTime.getAsLong() + patience.toNanos();
        while (true) {
            try {
                return joined.get(WATCH_MILLIS, TimeUnit.MILLISECONDS);
            } catch (TimeoutException waiting) {
                ring.reportProgress();
                if (ring.hasFailed()) {
                    throw watch.exception("joining the GPUs");
                }
                if (nanoTime.getAsLong() - deadline > 0) {
                    throw new CollectiveException(
                            ring.rank(),
                            "Cannot join the GPUs of all ranks: NCCL did not finish within "
                                    + patience.toSeconds() + " s on rank " + ring.rank()
                                    + ". Set NCCL_DEBUG=INFO on the executors and see their logs.");
                }
            } catch (InterruptedException interrupt) {
                watch.interrupted(interrupt);
                Thread.currentThread().interrupt();
                throw watch.exception("joining the GPUs");
            } catch (ExecutionException failed) {
                throw new CollectiveException(ring.rank(), failed.getCause().getMessage(), failed.getCause());
            }
        }
    }

    /** One call into NCCL, or several as a group. */
    interface Launch {
        /** @return NCCL's result */
        int call(NcclLibrary nccl, Pointer communicator, Pointer stream);
    }

    /**
     * Starts an operation after all that the calling thread has queued on the GPU so far.
     *
     * @param name of the operation, for errors
     */
    Work launch(String name, FlatRange range, Launch launch) {
        String what = name + " of " + range.elements() + " values on GPU " + device;
        ring.reportProgress();
        use.lock();
        try {
            if (ring.hasFailed()) {
                throw watch.exception(what);
            }
            if (closed) {
                throw new CollectiveException(
                        ring.rank(),
                        "Cannot start " + what + ": rank " + ring.rank()
                                + " has closed its group. Close it after the last operation.");
            }
            libraries.checkCuda(libraries.cuda().cudaSetDevice(device), "select GPU " + device);
            Pointer before = event();
            record(before, new Pointer(computeStream.getAsLong()));
            libraries.checkCuda(libraries.cuda().cudaStreamWaitEvent(stream, before, 0), "wait for a computation");
            libraries.cuda().cudaEventDestroy(before);
            int result = launch.call(nccl(), communicator, stream);
            if (result != 0) {
                watch.fail("could not start " + what + " (NCCL: " + nccl().ncclGetErrorString(result) + ")");
                throw watch.exception(what);
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
                watch.fail("could not finish " + what + " (CUDA: "
                        + libraries.cuda().cudaGetErrorString(status) + ")");
            }
            libraries.cuda().cudaEventDestroy(done);
            done = null;
            // An aborted operation is done too; its values are of no use.
            broken = status != 0 || aborted || ring.hasFailed();
            return true;
        }

        @Override
        public void await() {
            long since = nanoTime.getAsLong();
            watch.waitElsewhere(true);
            try {
                while (!isDone()) {
                    if (Thread.currentThread().isInterrupted()) {
                        watch.interrupted(new InterruptedException());
                    } else if (nanoTime.getAsLong() - since > patienceNanos) {
                        watch.fail("has waited " + TimeUnit.NANOSECONDS.toSeconds(patienceNanos)
                                + " s for NCCL to finish " + what);
                    }
                    if (Thread.currentThread().isInterrupted()) {
                        Thread.onSpinWait();
                    } else {
                        LockSupport.parkNanos(POLL_NANOS);
                    }
                }
            } finally {
                watch.waitElsewhere(false);
            }
            if (broken) {
                throw watch.exception(what);
            }
        }
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
                    watch.fail("had an error in NCCL: " + nccl().ncclGetErrorString(found));
                } else {
                    Thread.sleep(WATCH_MILLIS);
                }
            }
        } catch (InterruptedException interrupt) {
            watch.interrupted(interrupt);
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

    private NcclLibrary nccl() {
        return libraries.nccl();
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
        // After a failure the watchdog aborts; otherwise it ends by itself.
        Daemons.join(watchdog);
        closed = true;
        libraries.cuda().cudaStreamDestroy(stream);
    }
}
