// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.bench;

import io.sparkreel.model.BatchShape;
import io.sparkreel.model.command.CommandWords;
import io.sparkreel.model.family.DenoiserConfig;
import io.sparkreel.model.torch.Precision;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What steps of training or of sampling are measured on. */
final class StepOptions {
    @Mixin
    private ModelOptions model;

    @Option(names = "--checkpoint", description = "compute blocks again in the backward pass")
    private boolean checkpoint;

    @Option(names = "--dtype", defaultValue = "fp32", paramLabel = "TYPE", description = "what blocks compute in")
    private Precision dtype;

    @Option(names = "--warmup", defaultValue = "3", paramLabel = "N", description = "steps before those measured")
    private int warmup;

    @Option(names = "--steps", defaultValue = "10", paramLabel = "N", description = "steps measured")
    private int steps;

    private StepOptions() {}

    static StepOptions parse(String... words) {
        return CommandWords.read(new StepOptions(), "measure steps", words);
    }

    DenoiserConfig config() {
        return model.config();
    }

    BatchShape shape() {
        return model.shape();
    }

    int threads() {
        return model.threads();
    }

    boolean checkpoint() {
        return checkpoint;
    }

    Precision precision() {
        return dtype;
    }

    int warmup() {
        return warmup;
    }

    int steps() {
        return steps;
    }
}
