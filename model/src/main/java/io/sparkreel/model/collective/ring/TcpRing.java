// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.ring;

import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.collective.Collective;
import io.sparkreel.model.collective.CollectiveException;
import io.sparkreel.model.collective.Daemons;
import io.sparkreel.model.collective.FlatRange;
import io.sparkreel.model.collective.Ranges;
import io.sparkreel.model.collective.Rendezvous;
import io.sparkreel.model.collective.Work;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/**
 * A ring of ranks over TCP. Each rank sends to its right neighbour, rank + 1, and receives from its left, over several
 * streams and straight from and into the callers' direct memory. Between neighbours on one host the payload goes through
 * shared memory instead (see {@link Transport}); their connections remain, and tell of a failure as those of others do.
 *
 * <p>The neighbours prove to each other that they know the attempt's secret (see {@link Handshake}). Data on a socket is
 * checked by CRC-32C or, with encryption, by AES-GCM. Threads are daemons; they and all connections are gone after
 * {@link #close}, and after a failure even without it.
 */
public final class TcpRing implements Collective {

    private static final Logger LOG = LogManager.getLogger(TcpRing.class);
    private static final int LARGEST_GATHER = 1 << 30;

    private final Ranks ranks;
    private final RingOptions options;
    private final RingFailure failure;
    private final List<Lane> lanes = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private Heartbeat heartbeat; // null in a ring of one

    private final Object submission = new Object();
    private volatile long submitted; // written under submission
    private final AtomicLong completed = new AtomicLong();
    private final AtomicLong activity = new AtomicLong();
    private volatile Transport transport = Transport.TCP;
    private volatile long elsewhereSince; // 0 while the caller does not wait outside this ring
    private volatile boolean closed;

    private TcpRing(RingOptions options, Ranks ranks) {
        this.options = options;
        this.ranks = ranks;
        this.failure = new RingFailure(System::nanoTime, ranks);
    }

    /**
     * Joins the ring; returns once all ranks have. Calls {@code rendezvous} once.
     *
     * @throws CollectiveException if a rank cannot be reached, is refused, or runs with other settings
     */
    public static TcpRing connect(RingOptions options, Rendezvous rendezvous) {
        return connect(options, rendezvous, new SegmentSource() {});
    }

    static TcpRing connect(RingOptions options, Rendezvous rendezvous, SegmentSource memory) {
        int rank = rendezvous.rank();
        int worldSize = rendezvous.worldSize();
        if (worldSize == 1) {
            return new TcpRing(options, new Ranks(0, List.of(new RingAddress(options, 0).socketAddress())));
        }
        TcpRing ring = null;
        RingChannels right = null;
        RingChannels left = null;
        try (RingListener listener = new RingListener(options, rank, worldSize)) {
            String own = new RingAddress(options, listener.port()).text();
            Ranks ranks = RingAddress.ranks(rank, own, rendezvous.allGather(own));
            right = new RingConnector(options, ranks).connect();
            left = listener.await(options.connectTimeout(), ranks);
            ring = new TcpRing(options, ranks);
            ring.start(left, right);
            ring.barrier();
            ring.heartbeat.joined();
            ring.shareMemory(memory);
            return ring;
        } catch (InterruptedException interrupt) {
            giveUp(ring, left, right);
            Thread.currentThread().interrupt();
            throw new CollectiveException(
                    rank,
                    "Cannot join the ring: rank " + rank + " was interrupted. Start the attempt again.",
                    interrupt);
        } catch (IOException failed) {
            giveUp(ring, left, right);
            throw new CollectiveException(
                    rank,
                    "Cannot join the ring: rank " + rank + " could not set up its streams (" + failed
                            + "). Check its open-file limit.",
                    failed);
        } catch (RuntimeException failed) {
            giveUp(ring, left, right);
            throw failed;
        }
    }

    private static void giveUp(TcpRing ring, RingChannels left, RingChannels right) {
        if (ring != null) {
            ring.close();
        }
        RingChannels.closeQuietly(left);
        RingChannels.closeQuietly(right);
    }

    /** Creates and attaches the memory that neighbours share; tests refuse either. */
    interface SegmentSource {
        default SharedSegment create(int streams, int slotBytes) throws IOException {
            return SharedSegment.create(streams, slotBytes);
        }

        default SharedSegment attach(String offer, int streams, int slotBytes) throws IOException {
            return SharedSegment.attach(offer, streams, slotBytes);
        }
    }

    private void start(RingChannels left, RingChannels right) throws IOException {
        long attempt = Handshake.attemptCode(options.attemptId());
        for (int stream = 0; stream < options.streams(); stream++) {
            lanes.add(new Lane(stream, ranks, left.stream(stream), right.stream(stream), attempt, options, failure));
        }
        heartbeat = new Heartbeat(
                System::nanoTime, ranks, left, right, lanes, this::pulse, () -> elsewhereSince, options, failure);
        failure.onNews(this::spreadNews);
        for (int stream = 0; stream < lanes.size(); stream++) {
            threads.add(Daemons.start("stream-" + stream, ranks.own(), lanes.get(stream)));
        }
        threads.add(Daemons.start("control", ranks.own(), heartbeat));
    }

    /** Neighbours that can map each other's memory send through it from now on. */
    private void shareMemory(SegmentSource memory) {
        if (options.transport() == Transport.TCP || options.encrypted()) {
            return;
        }
        SharedSegment toRight = null;
        SharedSegment fromLeft = null;
        try {
            String offer;
            try {
                toRight = memory.create(options.streams(), options.sliceBytes());
                offer = toRight.offer();
            } catch (IOException | RuntimeException unavailable) {
                offer = "it has no shared memory: " + unavailable;
            }
            String[] offers = allGather(offer);
            String refusal = "";
            try {
                fromLeft = memory.attach(offers[ranks.left()], options.streams(), options.sliceBytes());
            } catch (IOException unreachable) {
                refusal = "memory of " + ranks.name(ranks.left()) + ": " + unreachable.getMessage();
            }
            String[] refusals = allGather(refusal);
            requireShared(refusals);
            boolean sends = refusals[ranks.right()].isEmpty();
            transport = !refusal.isEmpty() && !sends
                    ? Transport.TCP
                    : refusal.isEmpty() && sends ? Transport.SHARED : Transport.AUTO;
            for (Lane lane : lanes) {
                lane.share(refusal.isEmpty() ? fromLeft : null, sends ? toRight : null);
            }
            LOG.info(
                    "Rank {} receives through {} and sends through {}",
                    rank(),
                    refusal.isEmpty() ? "shared memory" : "a socket",
                    sends ? "shared memory" : "a socket");
        } finally {
            RingChannels.closeQuietly(toRight);
            RingChannels.closeQuietly(fromLeft);
        }
    }

    private void requireShared(String[] refusals) {
        for (int rank = 0; rank < refusals.length; rank++) {
            if (options.transport() == Transport.SHARED && !refusals[rank].isEmpty()) {
                throw new CollectiveException(
                        rank,
                        "Cannot share memory: rank " + rank + " cannot map " + refusals[rank]
                                + ". Set the transport to auto or tcp, or run all ranks on one host.");
            }
        }
    }

    private String[] allGather(String mine) {
        String[] all = new String[worldSize()];
        byte[][] bytes = allGather(mine.getBytes(StandardCharsets.UTF_8));
        for (int rank = 0; rank < all.length; rank++) {
            all[rank] = new String(bytes[rank], StandardCharsets.UTF_8);
        }
        return all;
    }

    private ControlLink.Pulse pulse() {
        // Completed is read first, so that a rank never looks idle while it has work.
        long done = completed.get();
        long[] sent = lanes.stream().mapToLong(Lane::sentBytes).toArray();
        return new ControlLink.Pulse(submitted + (elsewhereSince == 0 ? 0 : 1), done, activity.get(), sent);
    }

    /** For a transport beside this ring, between the same ranks. */
    public RingWatch watch() {
        return new RingWatch() {
            @Override
            public void fail(String did) {
                failure.decide(rank(), did, null);
            }

            @Override
            public void interrupted(InterruptedException interrupt) {
                failure.interrupted(interrupt);
            }

            @Override
            public CollectiveException exception(String what) {
                return failure.exception(what);
            }

            @Override
            public void waitElsewhere(boolean waits) {
                activity.incrementAndGet();
                elsewhereSince = waits ? System.nanoTime() | 1 : 0;
            }
        };
    }

    /** Runs on whatever thread finds a failure: the control thread goes first, since others learn from it. */
    private void spreadNews() {
        heartbeat.wake();
        if (failure.isDecided()) {
            lanes.forEach(Lane::stop);
        }
    }

    @Override
    public int rank() {
        return ranks.own();
    }

    @Override
    public int worldSize() {
        return ranks.worldSize();
    }

    /** How payload travels from and to this rank's neighbours; auto, if from one otherwise than to the other. */
    public Transport transport() {
        return transport;
    }

    @Override
    public Work allReduceSum(FlatRange range) {
        ByteBuffer floats = Ranges.host(range);
        return submit(
                Operation.Kind.ALL_REDUCE, 0, floats, options.wire(), cut -> Schedule.allReduce(floats.limit(), cut));
    }

    @Override
    public Work reduceScatterSum(FlatRange range) {
        ByteBuffer floats = Ranges.host(range);
        return submit(
                Operation.Kind.REDUCE_SCATTER,
                0,
                floats,
                options.wire(),
                cut -> Schedule.reduceScatter(floats.limit(), cut));
    }

    @Override
    public Work allGatherParts(FlatRange range) {
        ByteBuffer floats = Ranges.host(range);
        return submit(
                Operation.Kind.ALL_GATHER,
                0,
                floats,
                WireType.FP32,
                cut -> Schedule.allGather(Schedule.parts(floats.limit(), worldSize()), cut));
    }

    @Override
    public void broadcast(ByteBuffer range, int root) {
        ByteBuffer bytes = Ranges.bytes(range);
        Ranges.root(root, worldSize());
        submit(
                        Operation.Kind.BROADCAST,
                        root,
                        bytes,
                        WireType.FP32,
                        cut -> Schedule.broadcast(bytes.limit(), root, cut))
                .await();
    }

    @Override
    public void barrier() {
        gather(new byte[worldSize()][1]);
    }

    @Override
    public byte[][] allGather(byte[] mine) {
        byte[][] lengths = new byte[worldSize()][Integer.BYTES];
        lengths[rank()] = ByteBuffer.allocate(Integer.BYTES).putInt(mine.length).array();
        gather(lengths);
        byte[][] values = new byte[worldSize()][];
        long total = 0;
        for (int from = 0; from < worldSize(); from++) {
            total += ByteBuffer.wrap(lengths[from]).getInt();
        }
        if (total > LARGEST_GATHER) {
            throw new InvalidInputException("Cannot gather " + total + " bytes from all ranks: at most "
                    + LARGEST_GATHER + " fit in one call. Gather less, or broadcast from each rank in turn.");
        }
        for (int from = 0; from < worldSize(); from++) {
            values[from] = new byte[ByteBuffer.wrap(lengths[from]).getInt()];
        }
        values[rank()] = mine.clone();
        gather(values);
        return values;
    }

    /** Fills {@code values}, of which this rank knows its own; the lengths are known to all. */
    private void gather(byte[][] values) {
        int[] bounds = new int[values.length + 1];
        for (int from = 0; from < values.length; from++) {
            bounds[from + 1] = bounds[from] + values[from].length;
        }
        ByteBuffer all = ByteBuffer.allocateDirect(bounds[values.length]).order(ByteOrder.nativeOrder());
        all.put(bounds[rank()], values[rank()]);
        submit(Operation.Kind.ALL_GATHER, 0, all, WireType.FP32, cut -> Schedule.allGather(bounds, cut))
                .await();
        for (int from = 0; from < values.length; from++) {
            all.get(bounds[from], values[from]);
        }
    }

    private Operation submit(
            Operation.Kind kind, int root, ByteBuffer range, WireType wire, Function<Schedule.Cut, Schedule> plan) {
        activity.incrementAndGet();
        synchronized (submission) {
            Operation operation = new Operation(
                    kind, submitted, root, range, wire, lanes.size(), failure, completed::incrementAndGet);
            if (failure.isDecided()) {
                throw failure.exception(operation.toString());
            }
            if (closed) {
                throw new CollectiveException(
                        rank(),
                        "Cannot start " + operation + ": rank " + rank()
                                + " has closed its ring. Close it after the last operation.");
            }
            submitted++;
            for (int stream = 0; stream < lanes.size(); stream++) {
                lanes.get(stream)
                        .submit(
                                operation,
                                plan.apply(new Schedule.Cut(
                                        rank(), worldSize(), stream, lanes.size(), options.sliceBytes())));
            }
            return operation;
        }
    }

    @Override
    public boolean hasFailed() {
        return failure.isDecided();
    }

    @Override
    public void reportProgress() {
        activity.incrementAndGet();
    }

    @Override
    public void close() {
        synchronized (submission) {
            closed = true;
            if (completed.get() < submitted) {
                failure.decide(rank(), "closed its ring before its work was done", null);
            }
        }
        if (heartbeat != null) {
            lanes.forEach(Lane::stop);
            heartbeat.leave();
            threads.forEach(Daemons::join);
        }
    }
}
