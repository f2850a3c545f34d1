// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import io.sparkreel.bucketing.media.PixelClip;
import io.sparkreel.jobs.Components;
import io.sparkreel.jobs.PretrainedModel;
import io.sparkreel.jobs.config.AspectCondition;
import io.sparkreel.jobs.config.InferenceConfig;
import io.sparkreel.jobs.config.SamplerType;
import io.sparkreel.jobs.storage.WeightsCache;
import io.sparkreel.model.autoencoder.LatentCodec;
import io.sparkreel.model.diffusion.AncestralSampler;
import io.sparkreel.model.diffusion.DdimSampler;
import io.sparkreel.model.diffusion.DpmSolverSampler;
import io.sparkreel.model.diffusion.NoiseSchedule;
import io.sparkreel.model.diffusion.Sampler;
import io.sparkreel.model.generate.ClipShape;
import io.sparkreel.model.generate.LatentGenerator;
import io.sparkreel.model.generate.LatentRequest;
import io.sparkreel.model.stdit.Stdit2;
import io.sparkreel.model.text.PromptCleaner;
import io.sparkreel.model.text.TextEncoder;
import io.sparkreel.model.text.TextFeatures;
import io.sparkreel.model.torch.Tensors;
import io.sparkreel.model.torch.Torch;
import io.sparkreel.model.train.ModelWeights;
import io.sparkreel.model.train.TrainingCheckpoint;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;

/** Model, codec and text encoder of a run, loaded once in an executor and used by its tasks one after the other. */
final class ClipGenerator {
    private static ClipGenerator current;

    private final String id;
    private final ModelWeights weights;
    private final Stdit2 model;
    private final LatentCodec codec;
    private final TextEncoder text;
    private final NoiseSchedule schedule;
    private final GeneratorTask task;

    private ClipGenerator(GeneratorTask task) throws IOException {
        this.task = task;
        id = task.id();
        InferenceConfig config = task.config();
        Configuration hadoop = task.hadoop().value().value();
        WeightsCache cache = new WeightsCache(hadoop);
        Tensors tensors = Tensors.onHost();
        codec = Components.codec(config.vae(), cache, tensors);
        text = Components.textEncoder(config.textEncoder(), cache, tensors);
        weights = new ModelWeights(task.model(), tensors);
        PretrainedModel.find(config.model(), hadoop, cache).read(weights, TrainingCheckpoint.EMA);
        model = weights.model(tensors, Components.precision(config.dtype()));
        schedule = NoiseSchedule.linear(Integer.toString(config.scheduler().numSamplingSteps()));
    }

    /** The generator of this executor for a run; that of an earlier run is let go. */
    static synchronized ClipGenerator of(GeneratorTask task, int threads) throws IOException {
        Torch.start(threads);
        if (current == null || !current.id.equals(task.id())) {
            if (current != null) {
                current.close();
            }
            current = new ClipGenerator(task);
        }
        return current;
    }

    /**
     * Generates one sample of each prompt; all prompts ask for the same shape.
     *
     * @return a clip for each, in order
     */
    List<PixelClip> generate(List<PromptRow> prompts, int sample) {
        PromptRow first = prompts.get(0);
        InferenceConfig config = task.config();
        int channels = config.scheduler().cfgChannel() == null
                ? model.config().inChannels() : Math.min(config.scheduler().cfgChannel(), model.config().inChannels());
        LatentGenerator generator = new LatentGenerator(model, weights.nullCaption(),
                sampler(config.scheduler().type()), new Sampler.Guidance(config.scheduler().cfgScale(), channels), first.seed());
        int rows = first.height() / codec.spatialFactor();
        int columns = first.width() / codec.spatialFactor();
        List<LatentRequest> requests = new ArrayList<>();
        for (PromptRow prompt : prompts) {
            TextFeatures features = text.encode(List.of(PromptCleaner.clean(prompt.text())));
            requests.add(new LatentRequest(features.values(), flags(features.mask()), prompt.promptId(), sample));
        }
        ClipShape shape = new ClipShape(first.numFrames(), first.height(), first.width(), first.fps(),
                config.video().aspectCondition() == AspectCondition.AS_TRAINED);
        List<PixelClip> clips = new ArrayList<>();
        for (float[] latent : generator.generate(requests, shape, rows, columns, step -> { })) {
            float[] pixels = codec.decode(latent, first.numFrames(), rows, columns);
            clips.add(new PixelClip(
                    pixels, first.numFrames(), rows * codec.spatialFactor(), columns * codec.spatialFactor()));
        }
        return clips;
    }

    private Sampler sampler(SamplerType type) {
        return switch (type) {
            case IDDPM -> new AncestralSampler(schedule, task.predictXstart(), model.tensors());
            case DDIM -> new DdimSampler(schedule, task.predictXstart(), model.tensors());
            case DPM_SOLVER -> new DpmSolverSampler(schedule, task.predictXstart(), model.tensors());
        };
    }

    private static boolean[] flags(int[] mask) {
        boolean[] flags = new boolean[mask.length];
        for (int i = 0; i < flags.length; i++) {
            flags[i] = mask[i] != 0;
        }
        return flags;
    }

    private void close() {
        weights.close();
        codec.close();
        text.close();
    }
}
