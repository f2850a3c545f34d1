// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.ring;

import java.net.InetSocketAddress;
import java.util.List;

/** The ranks of a ring and where they listened. */
public record Ranks(int own, List<InetSocketAddress> addresses) {

    int worldSize() {
        return addresses.size();
    }

    int left() {
        return Math.floorMod(own - 1, worldSize());
    }

    int right() {
        return (own + 1) % worldSize();
    }

    InetSocketAddress address(int rank) {
        return addresses.get(rank);
    }

    /** For messages: {@code rank 2 (10.0.0.7:40001)}. */
    String name(int rank) {
        if (rank < 0 || rank >= worldSize()) {
            return "an unknown rank";
        }
        InetSocketAddress address = addresses.get(rank);
        return "rank " + rank + " (" + address.getHostString() + ":" + address.getPort() + ")";
    }
}
