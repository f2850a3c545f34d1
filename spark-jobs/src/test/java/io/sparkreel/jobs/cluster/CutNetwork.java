// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.cluster;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A network of this machine and some of its own, each a network namespace of Linux with one cable to a bridge, whose
 * cables can be pulled.
 */
final class CutNetwork implements AutoCloseable {
    private static final String PREFIX = "10.213.77.";

    private final String name = "srk" + ProcessHandle.current().pid() % 10_000;
    private int machines;

    CutNetwork() throws Exception {
        ip("link", "add", name, "type", "bridge", "forward_delay", "0");
        ip("addr", "add", host() + "/24", "dev", name);
        ip("link", "set", name, "up");
    }

    /** Whether this user and this kernel can. */
    static boolean isPossible() throws Exception {
        try (CutNetwork network = new CutNetwork()) {
            network.add();
            return run(List.of("ip", "netns", "exec", network.machine(0), "true")) == 0;
        } catch (IOException e) {
            return false;
        }
    }

    /** The address of this machine. */
    String host() {
        return PREFIX + 1;
    }

    /** Adds a machine, from 0. */
    int add() throws Exception {
        int number = machines++;
        ip("netns", "add", machine(number));
        ip("link", "add", cable(number), "type", "veth", "peer", "name", "eth0", "netns", machine(number));
        ip("link", "set", cable(number), "master", name, "up");
        ip("-n", machine(number), "link", "set", "lo", "up");
        ip("-n", machine(number), "addr", "add", address(number) + "/24", "dev", "eth0");
        ip("-n", machine(number), "link", "set", "eth0", "up");
        return number;
    }

    private String machine(int number) {
        return name + "-" + number;
    }

    private String cable(int number) {
        return name + "c" + number;
    }

    String address(int machine) {
        return PREFIX + (machine + 2);
    }

    /** What a command begins with that is to run on a machine. */
    List<String> on(int machine) {
        return List.of("ip", "netns", "exec", machine(machine));
    }

    /** Pulls the cable of a machine for some time. */
    void cut(int machine, long seconds) throws Exception {
        ip("link", "set", cable(machine), "down");
        TimeUnit.SECONDS.sleep(seconds);
        ip("link", "set", cable(machine), "up");
    }

    private static void ip(String... words) throws Exception {
        List<String> command = new ArrayList<>(List.of("ip"));
        command.addAll(List.of(words));
        int code = run(command);
        if (code != 0) {
            throw new IOException(command + " ended with code " + code);
        }
    }

    private static int run(List<String> command) throws Exception {
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }

    @Override
    public void close() throws Exception {
        for (int number = 0; number < machines; number++) {
            run(List.of("ip", "link", "del", cable(number)));
            run(List.of("ip", "netns", "del", machine(number)));
        }
        run(List.of("ip", "link", "del", name));
    }
}
