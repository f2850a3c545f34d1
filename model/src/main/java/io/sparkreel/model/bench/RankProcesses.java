// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sparkreel.model.collective.Rendezvous;
import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Ranks that are processes on this machine and meet through the pipes to the one that started them. */
public final class RankProcesses implements AutoCloseable {
    private static final String RANK = "sparkreel.rank";
    private static final String RANKS = "sparkreel.ranks";

    private final List<Process> processes = new ArrayList<>();
    private final List<BufferedReader> outputs = new ArrayList<>();

    /** Starts {@code program}, on this process's class path, once for each rank, and introduces the ranks to each other. */
    public RankProcesses(int ranks, Class<?> program, List<String> arguments) throws IOException {
        for (int rank = 0; rank < ranks; rank++) {
            List<String> command = new ArrayList<>(List.of(
                    System.getProperty("java.home") + "/bin/java",
                    "-XX:+UseSerialGC",
                    "-Xmx256m",
                    "-XX:MaxDirectMemorySize=4g",
                    "-cp",
                    System.getProperty("java.class.path"),
                    "-D" + RANK + "=" + rank,
                    "-D" + RANKS + "=" + ranks));
            String logging = System.getProperty("log4j2.configurationFile");
            if (logging != null) {
                command.add("-Dlog4j2.configurationFile=" + logging);
            }
            command.add(program.getName());
            command.addAll(arguments);
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            processes.add(process);
            outputs.add(process.inputReader());
        }
        List<String> told = new ArrayList<>();
        for (int rank = 0; rank < ranks; rank++) {
            told.add(line(rank));
        }
        for (Process process : processes) {
            PrintStream input = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
            told.forEach(input::println);
        }
    }

    /** The next line that rank {@code rank} prints. */
    public String line(int rank) throws IOException {
        String line = outputs.get(rank).readLine();
        if (line == null) {
            throw new EOFException("Cannot hear from rank " + rank + ": its process ended. See what it printed above.");
        }
        return line;
    }

    /** The process of a rank. */
    public Process process(int rank) {
        return processes.get(rank);
    }

    @Override
    public void close() {
        processes.forEach(Process::destroyForcibly);
    }

    /** In a rank's process: how it meets the others. */
    public static Rendezvous rendezvous() {
        int rank = Integer.getInteger(RANK);
        int ranks = Integer.getInteger(RANKS);
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, UTF_8));
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
