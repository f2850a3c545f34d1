// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import io.sparkreel.bucketing.media.PixelClip;
import io.sparkreel.jobs.config.inference.AspectCondition;
import io.sparkreel.jobs.config.inference.InferenceConfig;
import io.sparkreel.jobs.parts.Components;
import io.sparkreel.jobs.parts.PretrainedModel;
import io.sparkreel.jobs.spark.TaskDevice;
import io.sparkreel.jobs.weights.WeightsCache;
import io.sparkreel.model.CodecGeometry;
import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.KeyedRandom.Purpose;
import io.sparkreel.model.autoencoder.ForwardingCodec;
import io.sparkreel.model.autoencoder.LatentCodec;
import io.sparkreel.model.autoencoder.LatentDistribution;
import io.sparkreel.model.denoiser.Denoiser;
import io.sparkreel.model.generate.Carry;
import io.sparkreel.model.generate.ClipShape;
import io.sparkreel.model.generate.FramesOfClip;
import io.sparkreel.model.generate.LatentGenerator;
import io.sparkreel.model.generate.LatentSource;
import io.sparkreel.model.generate.LoopConditions;
import io.sparkreel.model.generate.MaskStrategy;
import io.sparkreel.model.generate.MaskStrategy.FrameSource;
import io.sparkreel.model.generate.VideoGenerator;
import io.sparkreel.model.generate.VideoRequest;
import io.sparkreel.model.process.DiffusionProcess;
import io.sparkreel.model.process.Processes;
import io.sparkreel.model.process.Sampler;
import io.sparkreel.model.text.CachedTextEncoder;
import io.sparkreel.model.text.TextEncoder;
import io.sparkreel.model.text.TextFeatures;
import io.sparkreel.model.torch.Tensors;
import io.sparkreel.model.torch.Torch;
import io.sparkreel.model.train.ModelWeights;
import io.sparkreel.model.train.checkpoint.TrainingCheckpoint;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntConsumer;
import org.apache.hadoop.conf.Configuration;

/**
 * Model, codec and text encoder of a run, loaded once in an executor. Its tasks take turns at sampling, at decoding
 * and at encoding texts, so that one decodes and writes while another one samples.
 */
final class ClipGenerator {
    private static final int CAPTIONS_KEPT = 256;
    /** By the addresses of the GPUs that a task has. */
    private static final Map<List<String>, ClipGenerator> LOADED = new HashMap<>();

    private final String id;
    private final ModelWeights weights;
    private final Denoiser model;
    private final LatentCodec codec;
    private final CodecGeometry geometry;
    private final CachedTextEncoder captions;
    private final DiffusionProcess process;
    private final GeneratorTask task;
    private final ReferenceReader references;

    private ClipGenerator(GeneratorTask task) throws IOException {
        this.task = task;
        id = task.id();
        InferenceConfig config = task.config();
        Configuration hadoop = task.hadoop().value().value();
        WeightsCache cache = new WeightsCache(hadoop);
        Tensors tensors = TaskDevice.tensors(config.device());
        codec = new TakingTurns(Components.codec(config.vae(), cache, tensors));
        geometry = codec.geometry();
        TextEncoder text = Components.textEncoder(config.textEncoder(), cache, tensors);
        captions = new CachedTextEncoder(text, CAPTIONS_KEPT);
        references = new ReferenceReader(hadoop, config.conditioning(), task.saveDir());
        weights = new ModelWeights(task.model(), tensors);
        if (task.checkpoint() == null) {
            PretrainedModel.readPublished(config.model(), cache, weights);
        } else {
            TrainingCheckpoint.readVerifiedWeights(task.checkpoint().open(hadoop), TrainingCheckpoint.EMA, weights);
        }
        model = weights.model(tensors, config.dtype());
        process = Processes.of(task.process());
    }

    /** The generator of this executor, or of the task's GPU if it has several, for a run; that of an earlier run goes. */
    static synchronized ClipGenerator of(GeneratorTask task) throws IOException {
        Torch.start(task.threads());
        List<String> gpus = TaskDevice.addresses();
        ClipGenerator generator = LOADED.get(gpus);
        if (generator == null || !generator.id.equals(task.id())) {
            LOADED.remove(gpus);
            if (generator != null) {
                generator.close();
            }
            generator = new ClipGenerator(task);
            LOADED.put(gpus, generator);
        }
        return generator;
    }

    int height(PromptRow.Shape shape) {
        return geometry.latentSide(shape.height()) * geometry.spatialFactor();
    }

    int width(PromptRow.Shape shape) {
        return geometry.latentSide(shape.width()) * geometry.spatialFactor();
    }

    /** Frames of the whole video. */
    int totalFrames(PromptRow.Shape shape) {
        return VideoGenerator.totalFrames(geometry, shape.numFrames(), shape.loops(), shape.carried());
    }

    /**
     * Encodes what a prompt is conditioned on.
     *
     * @throws PromptFailure if a reference cannot be read, or the mask strategy does not fit the references
     */
    VideoRequest prepare(PromptRow prompt, int sample) throws PromptFailure, IOException {
        PromptRow.Shape shape = prompt.shape();
        List<ReferenceReader.Reference> opened = new ArrayList<>();
        try {
            for (String uri : prompt.references()) {
                opened.add(references.open(uri));
            }
            LoopConditions conditions = LoopConditions.of(
                    strategy(prompt),
                    geometry,
                    shape.numFrames(),
                    shape.loops(),
                    shape.carried(),
                    opened.stream().map(this::latentFrames).toList());
            Map<FrameSource, float[]> latents = new HashMap<>();
            for (int i = 0; i < opened.size(); i++) {
                encode(prompt, i, opened.get(i), conditions, latents);
            }
            List<TextFeatures> texts =
                    prompt.texts().stream().map(captions::encode).toList();
            return new VideoRequest(prompt.seed(), prompt.promptId(), sample, texts, conditions, latents);
        } catch (InvalidInputException e) {
            throw new PromptFailure(e.getMessage(), e);
        } finally {
            for (ReferenceReader.Reference reference : opened) {
                reference.close();
            }
        }
    }

    /** Of a reference that is cut to a length which the codec takes. */
    private int latentFrames(ReferenceReader.Reference reference) {
        return geometry.latentFrames(geometry.legalFramesWithin(reference.frames()));
    }

    private MaskStrategy strategy(PromptRow prompt) {
        return MaskStrategy.parse(
                prompt.maskStrategy(), task.config().conditioning().maskStrategyDialect());
    }

    /** The latent frames of one reference that some loop takes; no more is decoded and encoded than these need. */
    private void encode(
            PromptRow prompt,
            int reference,
            ReferenceReader.Reference file,
            LoopConditions conditions,
            Map<FrameSource, float[]> latents)
            throws PromptFailure {
        SortedSet<Integer> taken = conditions.framesTaken(reference, 0);
        if (taken.isEmpty()) {
            return;
        }
        FramesOfClip frames = FramesOfClip.of(geometry, geometry.legalFramesWithin(file.frames()), taken);
        PixelClip clip = file.read(
                frames.pixelFrames(), prompt.shape().height(), prompt.shape().width());
        // All samples of a prompt share its references. Carried frames use repetitions from 0 on.
        KeyedRandom noise = KeyedRandom.of(prompt.seed(), -1 - reference, prompt.promptId(), Purpose.LATENT_NOISE);
        float[] latent = codec.encode(clip.values(), clip.frames(), clip.height(), clip.width(), noise);
        Map<Integer, float[]> parts = frames.split(latent, geometry.channels());
        taken.forEach(frame -> latents.put(new FrameSource(reference, frame), parts.get(frame)));
    }

    /**
     * Generates videos of one shape; the sink gets their frames as they come.
     *
     * @param progress called at every denoising step
     * @return nanoseconds that the model sampled
     */
    long generate(
            List<VideoRequest> requests, PromptRow.Shape shape, VideoGenerator.FrameSink sink, IntConsumer progress)
            throws IOException {
        InferenceConfig config = task.config();
        int channels = config.scheduler().cfgChannel() == null
                ? geometry.channels()
                : Math.min(config.scheduler().cfgChannel(), geometry.channels());
        LatentGenerator generator = new LatentGenerator(
                model,
                weights.nullCaption(),
                process.sampler(config.scheduler().sampler(), config.scheduler().numSamplingSteps(), model.tensors()),
                new Sampler.Guidance(config.scheduler().cfgScale(), channels));
        AtomicLong sampling = new AtomicLong();
        LatentSource inTurn = (latents, clip, latent, steps) -> {
            synchronized (model) {
                long begin = System.nanoTime();
                float[][] sampled = generator.sample(latents, clip, latent, steps);
                sampling.addAndGet(System.nanoTime() - begin);
                for (int i = 0; config.conditioning().keepGivenFrames() && i < sampled.length; i++) {
                    latents.get(i).given().restoreKept(sampled[i], geometry.channels());
                }
                return sampled;
            }
        };
        Carry carry = config.conditioning().carry() == Carry.LATENTS ? Carry.LATENTS : Carry.DECODED;
        ClipShape clip = new ClipShape(
                shape.numFrames(),
                shape.height(),
                shape.width(),
                shape.fps(),
                config.video().aspectCondition() == AspectCondition.AS_TRAINED);
        new VideoGenerator(inTurn, codec, carry).generate(requests, clip, shape.carried(), sink, progress);
        return sampling.get();
    }

    private void close() throws IOException {
        references.close();
        weights.close();
        codec.close();
        captions.close();
    }

    /** A codec for several threads. */
    private static final class TakingTurns extends ForwardingCodec {
        private final LatentCodec codec;

        TakingTurns(LatentCodec codec) {
            this.codec = codec;
        }

        @Override
        protected LatentCodec codec() {
            return codec;
        }

        @Override
        public synchronized LatentDistribution distribution(float[] pixels, int frames, int height, int width) {
            return super.distribution(pixels, frames, height, width);
        }

        @Override
        public synchronized float[] decode(float[] latent, int frames, int latentHeight, int latentWidth) {
            return super.decode(latent, frames, latentHeight, latentWidth);
        }
    }
}
