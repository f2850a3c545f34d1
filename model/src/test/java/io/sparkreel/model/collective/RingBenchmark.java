// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Times {@link TcpRing#allReduceSum} between JVMs on one machine, and a plain socket copy beside it:
 * {@code RingBenchmark [ranks] [megabytes] [streams] [slice KiB] [rounds]}. Prints one JSON line. The bus bandwidth is
 * what each rank moves in one direction, 2 (n - 1) / n of the data, over the time.
 */
public final class RingBenchmark {

    private static final byte[] SECRET = new byte[32];
    private static final int WARM_UP = 5;

    private RingBenchmark() {}

    public static void main(String[] arguments) throws Exception {
        if (arguments.length > 0 && arguments[0].equals("rank")) {
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

    /** Starts a JVM for each rank, passes their addresses on, and returns rank 0's times, sorted. */
    private static double[] allReduce(int ranks, String[] settings) throws IOException {
        List<Process> processes = new ArrayList<>();
        List<BufferedReader> outputs = new ArrayList<>();
        for (int rank = 0; rank < ranks; rank++) {
            List<String> command = new ArrayList<>(List.of(System.getProperty("java.home") + "/bin/java",
                    "-XX:MaxDirectMemorySize=4g", "-cp", System.getProperty("java.class.path"),
                    RingBenchmark.class.getName(), "rank", String.valueOf(rank)));
            command.addAll(List.of(settings));
            Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
            processes.add(process);
            outputs.add(process.inputReader());
        }
        List<String> addresses = new ArrayList<>();
        for (BufferedReader output : outputs) {
            addresses.add(output.readLine());
        }
        for (Process process : processes) {
            try (PrintStream input = new PrintStream(process.getOutputStream())) {
                addresses.forEach(input::println);
            }
        }
        double[] times = Arrays.stream(outputs.get(0).readLine().split(" ")).mapToDouble(Double::parseDouble).sorted()
                .toArray();
        for (BufferedReader output : outputs) {
            while (output.readLine() != null) {
                // Wait for the end of each rank.
            }
        }
        return times;
    }

    private static void runRank(String[] arguments) throws IOException {
        int rank = Integer.parseInt(arguments[1]);
        int ranks = Integer.parseInt(arguments[2]);
        int bytes = Integer.parseInt(arguments[3]) * 1_000_000;
        int rounds = Integer.parseInt(arguments[6]);
        RingOptions options = RingOptions.of("127.0.0.1", SECRET, "benchmark")
                .withStreams(Integer.parseInt(arguments[4])).withSliceBytes(Integer.parseInt(arguments[5]) * 1024);
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
        Rendezvous rendezvous = new Rendezvous() {
            @Override
            public int rank() {
                return rank;
            }

            @Override
            public int worldSize() {
                return ranks;
            }

            @Override
            public List<String> allGather(String mine) {
                System.out.println(mine);
                return input.lines().limit(ranks).toList();
            }
        };
        ByteBuffer data = ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
        FloatBuffer values = data.asFloatBuffer();
        try (TcpRing ring = TcpRing.connect(options, rendezvous)) {
            StringBuilder times = new StringBuilder();
            for (int round = 0; round < WARM_UP + rounds; round++) {
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
                if (round >= WARM_UP) {
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
