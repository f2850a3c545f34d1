// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.Locale;

/**
 * Times {@link TcpRing#allReduceSum} between JVMs on one machine, and a plain socket copy beside it:
 * {@code RingBenchmark [ranks] [megabytes] [streams] [slice KiB] [rounds]}. Prints one JSON line. The bus bandwidth is
 * what each rank moves in one direction, 2 (n - 1) / n of the data, over the time.
 */
public final class RingBenchmark {

    private static final byte[] SECRET = new byte[32];
    private static final int WARM_UP_BYTES = 500_000_000;

    private RingBenchmark() {}

    public static void main(String[] arguments) throws Exception {
        if (RankProcesses.isRank()) {
            runRank(arguments);
            return;
        }
        String[] settings = {"2", "100", "2", "1024", "20"};
        System.arraycopy(arguments, 0, settings, 0, arguments.length);
        int ranks = Integer.parseInt(settings[0]);
        double[] copies = plainCopy(Integer.parseInt(settings[1]), Integer.parseInt(settings[4]));
        double[] seconds = allReduce(ranks, settings);
        double megabytes = Double.parseDouble(settings[1]);
        double busGigabytes = megabytes / 1000 * 2 * (ranks - 1) / ranks / median(seconds);
        System.out.printf(Locale.ROOT,
                "{\"ranks\": %d, \"megabytes\": %s, \"streams\": %s, \"slice_kib\": %s, \"min_s\": %.4f,"
                        + " \"median_s\": %.4f, \"mb_per_s\": %.0f, \"busbw_gb_s\": %.2f, \"plain_copy_min_s\": %.4f,"
                        + " \"plain_copy_median_s\": %.4f}%n",
                ranks, settings[1], settings[2], settings[3], seconds[0], median(seconds), megabytes / median(seconds),
                busGigabytes, copies[0], median(copies));
    }

    private static double median(double[] sorted) {
        return sorted[sorted.length / 2];
    }

    /** Returns rank 0's times, sorted. */
    private static double[] allReduce(int ranks, String[] settings) throws IOException {
        try (RankProcesses processes = new RankProcesses(ranks, RingBenchmark.class, settings)) {
            String[] times = processes.line(0).split(" ");
            for (int rank = 1; rank < ranks; rank++) {
                processes.line(rank);
            }
            return Arrays.stream(times).mapToDouble(Double::parseDouble).sorted().toArray();
        }
    }

    private static void runRank(String[] arguments) {
        Rendezvous rendezvous = RankProcesses.rendezvous();
        int rank = rendezvous.rank();
        int ranks = rendezvous.worldSize();
        int bytes = Integer.parseInt(arguments[1]) * 1_000_000;
        int rounds = Integer.parseInt(arguments[4]);
        int warmUp = WARM_UP_BYTES / bytes;
        RingOptions options = RingOptions.of("127.0.0.1", SECRET, "benchmark")
                .withStreams(Integer.parseInt(arguments[2])).withSliceBytes(Integer.parseInt(arguments[3]) * 1024);
        ByteBuffer data = ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
        FloatBuffer values = data.asFloatBuffer();
        try (TcpRing ring = TcpRing.connect(options, rendezvous)) {
            StringBuilder times = new StringBuilder();
            for (int round = 0; round < warmUp + rounds; round++) {
                for (int index = 0; index < values.limit(); index++) {
                    values.put(index, rank + index % 7);
                }
                ring.barrier();
                long start = System.nanoTime();
                ring.allReduceSum(data).await();
                double seconds = (System.nanoTime() - start) / 1e9;
                for (int index = 0; index < values.limit(); index++) {
                    if (values.get(index) != ranks * (index % 7) + ranks * (ranks - 1) / 2) {
                        throw new IllegalStateException("wrong sum " + values.get(index) + " at " + index);
                    }
                }
                if (round >= warmUp) {
                    times.append(seconds).append(' ');
                }
            }
            System.out.println(times);
        }
    }

    /** Seconds, sorted, to send the data once through a loopback socket from one thread to another. */
    private static double[] plainCopy(int megabytes, int rounds) throws Exception {
        ByteBuffer out = ByteBuffer.allocateDirect(megabytes * 1_000_000);
        ByteBuffer in = ByteBuffer.allocateDirect(1 << 20);
        double[] seconds = new double[rounds];
        try (ServerSocketChannel server = ServerSocketChannel.open().bind(new InetSocketAddress("127.0.0.1", 0));
                SocketChannel sender = SocketChannel.open(server.getLocalAddress());
                SocketChannel receiver = server.accept()) {
            for (int round = 0; round < rounds; round++) {
                long start = System.nanoTime();
                Thread thread = new Thread(() -> {
                    try {
                        out.clear();
                        while (out.hasRemaining()) {
                            sender.write(out);
                        }
                    } catch (IOException failed) {
                        throw new IllegalStateException(failed);
                    }
                });
                thread.start();
                for (long received = 0; received < out.capacity(); ) {
                    received += receiver.read(in.clear());
                }
                seconds[round] = (System.nanoTime() - start) / 1e9;
                thread.join();
            }
        }
        Arrays.sort(seconds);
        return seconds;
    }
}
