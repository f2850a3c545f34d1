// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.sparkreel.jobs.config.train.SampleConfig;
import io.sparkreel.jobs.config.train.TrainingConfig;
import io.sparkreel.jobs.parts.GeneratedSize;
import io.sparkreel.jobs.storage.ClipFile;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.jobs.watch.RunLog;
import io.sparkreel.model.CodecGeometry;
import io.sparkreel.model.autoencoder.LatentCodec;
import io.sparkreel.model.collective.Collective;
import io.sparkreel.model.denoiser.Denoiser;
import io.sparkreel.model.generate.Carry;
import io.sparkreel.model.generate.ClipShape;
import io.sparkreel.model.generate.LatentGenerator;
import io.sparkreel.model.generate.LoopConditions;
import io.sparkreel.model.generate.MaskStrategy;
import io.sparkreel.model.generate.VideoGenerator;
import io.sparkreel.model.generate.VideoRequest;
import io.sparkreel.model.process.DiffusionProcess;
import io.sparkreel.model.process.Sampler;
import io.sparkreel.model.text.PromptSyntax;
import io.sparkreel.model.text.TextEncoder;
import io.sparkreel.model.text.TextFeatures;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/**
 * Samples clips for the prompts of the configuration, from the EMA weights. The ranks share the prompts; a clip is
 * the same on whichever rank, and each time from the same noise, so that only the weights change from step to step.
 */
public final class SampleVideos {
    private static final Logger LOG = LogManager.getLogger(SampleVideos.class);

    private final TrainingConfig config;
    private final SampleConfig samples;
    private final HadoopStorage run;
    private final Supplier<Denoiser> model;
    private final float[] nullCaption;
    private final LatentCodec codec;
    private final TextEncoder text;
    private final Collective collective;
    private final Map<Integer, TextFeatures> captions = new HashMap<>();

    /**
     * @param model that of the averaged weights
     * @param nullCaption text features of no caption
     */
    SampleVideos(
            TrainingConfig config,
            HadoopStorage run,
            Supplier<Denoiser> model,
            float[] nullCaption,
            LatentCodec codec,
            TextEncoder text,
            Collective collective) {
        this.config = config;
        samples = config.samples();
        this.run = run;
        this.model = model;
        this.nullCaption = nullCaption;
        this.codec = new PieceByPiece(codec, collective::reportProgress);
        this.text = text;
        this.collective = collective;
    }

    /**
     * Draws and writes all clips; every rank calls this.
     *
     * @return prompt and file of each that could be written, the path being relative to the run folder
     */
    ArrayNode generate(long step) {
        Denoiser averaged = model.get(); // which may take all ranks, those without a prompt too
        String mine = "";
        for (int i = collective.rank(); i < samples.prompts().size(); i += collective.worldSize()) {
            String name = RunLog.SAMPLES + "/step-" + step + "/" + i + (samples.numFrames() == 1 ? ".png" : ".mp4");
            try {
                generate(averaged, i, name);
                mine += i + " " + name + "\n";
            } catch (IOException e) {
                LOG.warn("Cannot write {}: {}. Training continues without it.", run.uri(name), e.toString());
            }
            collective.reportProgress();
        }
        Map<Integer, String> files = new HashMap<>();
        for (byte[] rank : collective.allGather(mine.getBytes(StandardCharsets.UTF_8))) {
            new String(rank, StandardCharsets.UTF_8)
                    .lines()
                    .map(line -> line.split(" ", 2))
                    .forEach(line -> files.put(Integer.valueOf(line[0]), line[1]));
        }
        ArrayNode clips = JsonNodeFactory.instance.arrayNode();
        for (int i = 0; i < samples.prompts().size(); i++) {
            if (files.containsKey(i)) {
                clips.addObject().put("prompt", samples.prompts().get(i)).put("file", files.get(i));
            }
        }
        return clips;
    }

    private void generate(Denoiser averaged, int prompt, String name) throws IOException {
        DiffusionProcess process = config.scheduler().process();
        Sampler sampler = process.sampler(
                samples.sampler() == null ? process.previewSampler() : samples.sampler(),
                samples.numSamplingSteps(),
                averaged.tensors());
        LatentGenerator latents = new LatentGenerator(
                averaged,
                nullCaption,
                sampler,
                new Sampler.Guidance(samples.cfgScale(), codec.geometry().channels()));
        CodecGeometry geometry = codec.geometry();
        GeneratedSize size = GeneratedSize.of(
                geometry, samples.imageSize().height(), samples.imageSize().width(), samples.numFrames() > 1);
        ClipShape shape = new ClipShape(samples.numFrames(), size.height(), size.width(), samples.fps(), true);
        VideoRequest request = new VideoRequest(
                config.run().seed(),
                prompt,
                0,
                List.of(caption(prompt)),
                LoopConditions.of(MaskStrategy.NONE, geometry, samples.numFrames(), 1, 0, List.of()),
                Map.of());
        int played = Math.max(1, samples.fps() / config.dataset().frameInterval());
        try (ClipFile file = new ClipFile(run, name, size.height(), size.width(), played)) {
            new VideoGenerator(latents, codec, Carry.DECODED)
                    .generate(
                            List.of(request),
                            shape,
                            0,
                            (row, frame) -> file.write(frame),
                            denoised -> collective.reportProgress());
            file.publish();
        }
    }

    /** As inference cleans and encodes it. */
    private TextFeatures caption(int prompt) {
        return captions.computeIfAbsent(
                prompt,
                index -> text.encode(
                        PromptSyntax.parse(samples.prompts().get(index)).texts(1)));
    }
}
