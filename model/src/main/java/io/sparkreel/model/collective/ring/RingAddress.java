// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.ring;

import io.sparkreel.model.collective.CollectiveException;
import java.net.InetSocketAddress;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** What a rank tells the others when they meet: where it listens, and the settings that must be equal on all. */
record RingAddress(String host, int port, String settings) {

    private static final String FORMAT = "sparkreel-ring/2";

    RingAddress(RingOptions options, int port) {
        this(
                options.bindHost(),
                port,
                FORMAT + " attempt=" + Long.toHexString(Handshake.attemptCode(options.attemptId())) + " "
                        + options.shared() + " order=" + ByteOrder.nativeOrder());
    }

    String text() {
        return host + " " + port + " " + settings;
    }

    InetSocketAddress socketAddress() {
        return InetSocketAddress.createUnresolved(host, port);
    }

    /** The ranks of the ring, from what all of them told. */
    static Ranks ranks(int own, String ownText, List<String> told) {
        RingAddress mine = parse(own, ownText);
        List<InetSocketAddress> addresses = new ArrayList<>();
        for (int rank = 0; rank < told.size(); rank++) {
            RingAddress other = parse(rank, told.get(rank));
            if (!other.settings.equals(mine.settings)) {
                throw new CollectiveException(
                        rank,
                        "Cannot join the ring: rank " + rank + " has the settings \""
                                + other.settings + "\", rank " + own + " has \"" + mine.settings
                                + "\". Start all ranks with the same version, attempt and ring options.");
            }
            addresses.add(other.socketAddress());
        }
        return new Ranks(own, List.copyOf(addresses));
    }

    private static RingAddress parse(int rank, String text) {
        String[] parts = text.split(" ", 3);
        try {
            return new RingAddress(parts[0], Integer.parseInt(parts[1]), parts[2]);
        } catch (IndexOutOfBoundsException | NumberFormatException unreadable) {
            throw new CollectiveException(
                    rank,
                    "Cannot join the ring: rank " + rank + " introduced itself as \"" + text
                            + "\". Start all ranks with the same version.",
                    unreadable);
        }
    }
}
