// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.bench;

import io.sparkreel.model.collective.ring.RingOptions;
import io.sparkreel.model.collective.ring.Transport;
import io.sparkreel.model.collective.ring.WireType;
import io.sparkreel.model.command.CommandWords;
import io.sparkreel.model.command.Range;
import picocli.CommandLine.Option;

/** What an all-reduce is measured on. */
final class AllReduceOptions {
    private static final int BYTES_OF_A_KIB = 1024;

    @Option(names = "--ranks", required = true, paramLabel = "N", description = "processes")
    @Range(most = 64)
    private int ranks;

    @Option(
            names = "--megabytes",
            required = true,
            paramLabel = "N",
            description = "what each rank brings, in 10^6 bytes")
    @Range(least = 4e-6, most = 2000)
    private double megabytes;

    @Option(names = "--transport", defaultValue = "auto", paramLabel = "NAME")
    private Transport transport;

    @Option(names = "--dtype", defaultValue = "fp32", paramLabel = "TYPE", description = "as what values travel")
    private WireType dtype;

    @Option(names = "--encrypt", description = "encrypt what travels")
    private boolean encrypt;

    @Option(names = "--streams", defaultValue = "2", paramLabel = "N", description = "connections to each neighbour")
    @Range(most = 64)
    private int streams;

    @Option(names = "--slice-kib", defaultValue = "256", paramLabel = "N", description = "the largest piece")
    @Range(most = 65_536)
    private int sliceKib;

    @Option(names = "--rounds", defaultValue = "20", paramLabel = "N", description = "rounds measured")
    @Range(most = 10_000)
    private int rounds;

    private AllReduceOptions() {}

    static AllReduceOptions parse(String... words) {
        return CommandWords.read(new AllReduceOptions(), "measure all-reduce", words);
    }

    int ranks() {
        return ranks;
    }

    /** Of the data of a rank, a multiple of 4. */
    int bytes() {
        return Float.BYTES * (int) (megabytes * 1e6 / Float.BYTES);
    }

    int rounds() {
        return rounds;
    }

    RingOptions ringOptions() {
        return RingOptions.builder("127.0.0.1", new byte[32], "benchmark")
                .streams(streams)
                .sliceBytes(sliceKib * BYTES_OF_A_KIB)
                .transport(transport)
                .wire(dtype)
                .encrypted(encrypt)
                .build();
    }
}
