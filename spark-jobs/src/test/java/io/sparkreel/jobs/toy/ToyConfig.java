// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.toy;

import io.sparkreel.model.BatchShape;
import io.sparkreel.model.denoiser.Denoiser;
import io.sparkreel.model.denoiser.ParameterLayout;
import io.sparkreel.model.denoiser.ParameterSpec;
import io.sparkreel.model.denoiser.ParameterSpec.Initialiser;
import io.sparkreel.model.denoiser.Parameters;
import io.sparkreel.model.family.Cost;
import io.sparkreel.model.family.DenoiserConfig;
import io.sparkreel.model.family.PublishedNames;
import io.sparkreel.model.torch.Precision;
import io.sparkreel.model.torch.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/** The sizes of a toy. */
public record ToyConfig(
        int inChannels, int width, int captionChannels, int modelMaxLength, double classDropoutProbability)
        implements DenoiserConfig {
    static final int BLOCKS = 2;

    @Override
    public String type() {
        return ToyFamily.TYPE;
    }

    @Override
    public ToyConfig with(double otherDropout, int otherLength) {
        return new ToyConfig(inChannels, width, captionChannels, otherLength, otherDropout);
    }

    @Override
    public ParameterLayout layout() {
        ParameterLayout layout = new ParameterLayout();
        List<ParameterSpec> stem = new ArrayList<>(linear("embed", inChannels, width, Initialiser.XAVIER_UNIFORM));
        stem.addAll(linear("caption", captionChannels, width, Initialiser.XAVIER_UNIFORM));
        layout.group("stem", stem);
        for (int i = 0; i < BLOCKS; i++) {
            List<ParameterSpec> block =
                    new ArrayList<>(linear("blocks." + i + ".in", width, width, Initialiser.XAVIER_UNIFORM));
            block.addAll(linear("blocks." + i + ".out", width, width, Initialiser.normal(0.02)));
            block.add(new ParameterSpec("blocks." + i + ".time", new long[] {width}, Initialiser.ONE));
            layout.group("blocks." + i, block);
        }
        return layout.group("head", linear("head", width, inChannels, Initialiser.ZERO));
    }

    private static List<ParameterSpec> linear(String name, int in, int out, Initialiser weights) {
        return List.of(
                new ParameterSpec(name + ".weight", new long[] {out, in}, weights),
                new ParameterSpec(name + ".bias", new long[] {out}, Initialiser.ZERO));
    }

    @Override
    public PublishedNames names() {
        return new PublishedNames("a toy", "no_caption", Map.of(), Set.of(), (name, found, wanted) -> false);
    }

    @Override
    public Map<String, Predicate<String>> parameterGroups() {
        return Map.of("text", name -> name.startsWith("caption."));
    }

    @Override
    public Denoiser build(Parameters parameters, Tensors tensors, Precision precision) {
        return new ToyDenoiser(parameters, tensors);
    }

    @Override
    public Cost cost(Precision precision, boolean checkpoint, Predicate<String> frozen) {
        long elements = layout().elements();
        return new Cost() {
            @Override
            public long tokens(BatchShape shape) {
                return (long) shape.clips()
                        * shape.latent().frames()
                        * shape.latent().height()
                        * shape.latent().width();
            }

            @Override
            public double forward(BatchShape shape) {
                return 4.0 * BLOCKS * width * width * tokens(shape);
            }

            @Override
            public double trainingStep(BatchShape shape) {
                return 3 * forward(shape);
            }

            @Override
            public State state() {
                return new State(elements, 0);
            }

            @Override
            public double peakBytes(BatchShape shape) {
                return state().bytes() + 64.0 * width * tokens(shape);
            }
        };
    }
}
