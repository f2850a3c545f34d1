// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.bench;

import io.sparkreel.model.collective.ring.TcpRing;
import io.sparkreel.model.command.Program;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Times {@link TcpRing#allReduceSum} between JVMs on this machine, and a plain copy through a socket beside it. Prints
 * one line of JSON. The bus bandwidth is what each rank moves in one direction, 2 (n - 1) / n of the data, over the
 * median time.
 */
public final class AllReduceBenchmark {
    private static final long WARM_UP_BYTES = 1_000_000_000;
    private static final int LEAST_WARM_UP = 10;
    private static final int COPY_BYTES = 1 << 20;
    private static final double NANOSECONDS = 1e9;

    private AllReduceBenchmark() {}

    /** @param words see {@code submit/bench --help} */
    public static void main(String[] words) throws Exception {
        Program.run(() -> System.out.println(measure(words)));
    }

    /** The keys are those of the line that is printed. */
    static Report measure(String... words) throws Exception {
        AllReduceOptions arguments = AllReduceOptions.parse(words);
        double[] copies = plainCopy(arguments.bytes(), arguments.rounds());
        String route;
        double[] seconds;
        double processor;
        try (RankProcesses processes = new RankProcesses(arguments.ranks(), Rank.class, List.of(words))) {
            route = processes.line(0);
            seconds = Arrays.stream(processes.line(0).split(" "))
                    .mapToDouble(Double::parseDouble)
                    .sorted()
                    .toArray();
            processor = Double.parseDouble(processes.line(0));
            for (int rank = 0; rank < arguments.ranks(); rank++) {
                processes.process(rank).waitFor();
            }
        }
        Report report = new Report("allreduce").settings(arguments);
        report.put("min_s", seconds[0]);
        report.put("median_s", median(seconds));
        double moved = 2.0 * (arguments.ranks() - 1) / arguments.ranks() * arguments.bytes();
        report.put("busbw_gb_s", moved / median(seconds) / 1e9);
        report.put("cpu_s", processor);
        report.put("plain_copy_min_s", copies[0]);
        report.put("plain_copy_median_s", median(copies));
        report.put("plain_copy_busbw_gb_s", arguments.bytes() / median(copies) / 1e9);
        report.put("route", route);
        return report;
    }

    private static double median(double[] sorted) {
        return sorted[sorted.length / 2];
    }

    /**
     * One rank, in a process of its own. It prints the route that its data takes, then seconds of each round,
     * then processor seconds of a round.
     */
    static final class Rank {
        private Rank() {}

        public static void main(String[] words) {
            AllReduceOptions arguments = AllReduceOptions.parse(words);
            var rendezvous = RankProcesses.rendezvous();
            int rank = rendezvous.rank();
            int ranks = rendezvous.worldSize();
            int warmUp = (int) Math.max(LEAST_WARM_UP, WARM_UP_BYTES / arguments.bytes() / ranks);
            ByteBuffer data = ByteBuffer.allocateDirect(arguments.bytes()).order(ByteOrder.nativeOrder());
            FloatBuffer values = data.asFloatBuffer();
            try (TcpRing ring = TcpRing.connect(arguments.ringOptions(), rendezvous)) {
                if (rank == 0) {
                    System.out.println(ring.transport().name().toLowerCase(Locale.ROOT));
                }
                StringBuilder times = new StringBuilder();
                double processor = 0;
                for (int round = 0; round < warmUp + arguments.rounds(); round++) {
                    fill(values, rank);
                    ring.barrier();
                    double used = ProcessUsage.processorSeconds();
                    long start = System.nanoTime();
                    ring.allReduceSum(data).await();
                    double seconds = (System.nanoTime() - start) / NANOSECONDS;
                    used = ProcessUsage.processorSeconds() - used;
                    check(values, ranks);
                    if (round >= warmUp) {
                        processor += used / arguments.rounds();
                        times.append(seconds).append(' ');
                    }
                }
                if (rank == 0) {
                    System.out.println(times);
                    System.out.println(processor);
                }
            }
        }

        /** Small whole numbers, which bf16 holds too. */
        private static void fill(FloatBuffer values, int rank) {
            for (int index = 0; index < values.limit(); index++) {
                values.put(index, rank + (index & 7));
            }
        }

        private static void check(FloatBuffer values, int ranks) {
            for (int index = 0; index < values.limit(); index++) {
                if (values.get(index) != ranks * (index & 7) + ranks * (ranks - 1) / 2) {
                    throw new IllegalStateException("wrong sum " + values.get(index) + " at " + index);
                }
            }
        }
    }

    /** Seconds, sorted, to send the data once through a loopback socket from one thread to another. */
    private static double[] plainCopy(int bytes, int rounds) throws Exception {
        ByteBuffer out = ByteBuffer.allocateDirect(bytes);
        ByteBuffer in = ByteBuffer.allocateDirect(COPY_BYTES);
        double[] seconds = new double[rounds];
        try (ServerSocketChannel server = ServerSocketChannel.open().bind(new InetSocketAddress("127.0.0.1", 0));
                SocketChannel sender = SocketChannel.open(server.getLocalAddress());
                SocketChannel receiver = server.accept()) {
            for (int round = 0; round < rounds; round++) {
                long start = System.nanoTime();
                Thread thread = new Thread(() -> send(out, sender));
                thread.start();
                for (long received = 0; received < bytes; ) {
                    received += receiver.read(in.clear());
                }
                seconds[round] = (System.nanoTime() - start) / NANOSECONDS;
                thread.join();
            }
        }
        Arrays.sort(seconds);
        return seconds;
    }

    private static void send(ByteBuffer out, SocketChannel sender) {
        try {
            out.clear();
            while (out.hasRemaining()) {
                sender.write(out);
            }
        } catch (IOException failed) {
            throw new IllegalStateException(failed);
        }
    }
}
