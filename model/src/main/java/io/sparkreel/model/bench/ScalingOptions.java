// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.bench;

import io.sparkreel.model.BatchShape;
import io.sparkreel.model.collective.ring.RingOptions;
import io.sparkreel.model.collective.ring.Transport;
import io.sparkreel.model.command.CommandWords;
import io.sparkreel.model.command.Range;
import io.sparkreel.model.family.DenoiserConfig;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What scaling is measured on. */
final class ScalingOptions {
    @Mixin
    private ModelOptions model;

    @Option(names = "--ranks", defaultValue = "2", paramLabel = "N", description = "how many are compared to one")
    @Range(least = 2)
    private int ranks;

    @Option(names = "--micro-batches", defaultValue = "4", paramLabel = "N", description = "of a rank and step")
    private int microBatches;

    @Option(names = "--transport", defaultValue = "auto", paramLabel = "NAME")
    private Transport transport;

    @Option(names = "--steps", defaultValue = "4", paramLabel = "N", description = "steps of a turn")
    private int steps;

    @Option(names = "--rounds", defaultValue = "3", paramLabel = "N", description = "turns")
    private int rounds;

    private ScalingOptions() {}

    static ScalingOptions parse(String... words) {
        return CommandWords.read(new ScalingOptions(), "measure scaling", words);
    }

    int ranks() {
        return ranks;
    }

    int microBatches() {
        return microBatches;
    }

    int steps() {
        return steps;
    }

    int rounds() {
        return rounds;
    }

    int threads() {
        return model.threads();
    }

    BatchShape shape() {
        return model.shape();
    }

    DenoiserConfig config() {
        return model.config();
    }

    RingOptions ringOptions() {
        return RingOptions.builder("127.0.0.1", new byte[32], "benchmark")
                .transport(transport)
                .build();
    }
}
