// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/** Ranks that are processes on this machine and meet through the pipes to the one that started them. */
final class RankProcesses implements AutoCloseable {

    private static final String RANK = "ring.test.rank";
    private static final String RANKS = "ring.test.ranks";

    private final List<Process> processes = new ArrayList<>();
    private final List<BufferedReader> outputs = new ArrayList<>();

    /** Starts {@code program} once for each rank and introduces the ranks to each other. */
    RankProcesses(int ranks, Class<?> program, String... arguments) throws IOException {
        for (int rank = 0; rank < ranks; rank++) {
            List<String> command = new ArrayList<>(List.of(System.getProperty("java.home") + "/bin/java",
                    "-XX:MaxDirectMemorySize=4g", "-cp", System.getProperty("java.class.path"), "-D" + RANK + "=" + rank,
                    "-D" + RANKS + "=" + ranks, program.getName()));
            command.addAll(List.of(arguments));
            Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
            processes.add(process);
            outputs.add(process.inputReader());
        }
        List<String> told = new ArrayList<>();
        for (int rank = 0; rank < ranks; rank++) {
            told.add(line(rank));
        }
        for (Process process : processes) {
            PrintStream input = new PrintStream(process.getOutputStream());
            told.forEach(input::println);
            input.flush();
        }
    }

    /** The next line that rank {@code rank} prints. */
    String line(int rank) throws IOException {
        return outputs.get(rank).readLine();
    }

    Process process(int rank) {
        return processes.get(rank);
    }

    @Override
    public void close() {
        processes.forEach(Process::destroyForcibly);
    }

    /** Whether this process was started as a rank. */
    static boolean isRank() {
        return System.getProperty(RANK) != null;
    }

    /** In a rank's process: how it meets the others. */
    static Rendezvous rendezvous() {
        int rank = Integer.getInteger(RANK);
        int ranks = Integer.getInteger(RANKS);
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
        return new Rendezvous() {
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
    }
}
