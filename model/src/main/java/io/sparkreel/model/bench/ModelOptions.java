// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.bench;

import io.sparkreel.model.BatchShape;
import io.sparkreel.model.LatentShape;
import io.sparkreel.model.family.DenoiserConfig;
import picocli.CommandLine.Option;

/** The model and the batch that are measured. All sizes are those of the latent. */
final class ModelOptions {
    @Option(names = "--hidden", defaultValue = "384", paramLabel = "N", description = "width of a token")
    private int hidden;

    @Option(names = "--depth", defaultValue = "6", paramLabel = "N", description = "blocks")
    private int depth;

    @Option(names = "--heads", defaultValue = "6", paramLabel = "N", description = "attention heads")
    private int heads;

    @Option(names = "--frames", defaultValue = "4", paramLabel = "N")
    private int frames;

    @Option(names = "--height", defaultValue = "16", paramLabel = "N")
    private int height;

    @Option(names = "--width", defaultValue = "16", paramLabel = "N")
    private int width;

    @Option(names = "--batch", defaultValue = "4", paramLabel = "N", description = "clips of a micro-batch")
    private int batch;

    @Option(names = "--text-tokens", defaultValue = "64", paramLabel = "N", description = "tokens of each caption")
    private int textTokens;

    @Option(names = "--threads", defaultValue = "1", paramLabel = "N", description = "threads of one operator")
    private int threads;

    int threads() {
        return threads;
    }

    BatchShape shape() {
        LatentShape latent = new LatentShape(BenchmarkModel.LATENT_CHANNELS, frames, height, width);
        return new BatchShape(batch, latent, textTokens);
    }

    DenoiserConfig config() {
        return BenchmarkModel.of(hidden, depth, heads, textTokens);
    }
}
