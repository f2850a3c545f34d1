// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.golden.Golden;
import io.sparkreel.golden.GoldenData;
import io.sparkreel.jobs.config.inference.InferenceConfig;
import io.sparkreel.model.CodecGeometry;
import io.sparkreel.model.LatentShape;
import io.sparkreel.model.autoencoder.LatentCodec;
import io.sparkreel.model.autoencoder.LatentDistribution;
import io.sparkreel.model.generate.Carry;
import io.sparkreel.model.generate.ClipShape;
import io.sparkreel.model.generate.LatentRequest;
import io.sparkreel.model.generate.LoopConditions;
import io.sparkreel.model.generate.MaskStrategy;
import io.sparkreel.model.generate.MaskStrategy.Dialect;
import io.sparkreel.model.generate.MaskStrategy.FrameSource;
import io.sparkreel.model.generate.VideoGenerator;
import io.sparkreel.model.generate.VideoRequest;
import io.sparkreel.model.text.TextFeatures;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The whole bookkeeping from prompts to files against runs of the reference's program, with a codec that is the
 * identity and a sampler that numbers the frames it makes: 10000 x call + 1000 x row + frame.
 */
@Golden
class LongVideoGoldenTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final CodecGeometry CODEC = CodecGeometry.frameByFrame(1, 16);

    /** Latents of one channel and one pixel, which are the pixels. */
    private static final class Identity implements LatentCodec {
        @Override
        public CodecGeometry geometry() {
            return CODEC;
        }

        @Override
        public LatentDistribution distribution(float[] pixels, int frames, int height, int width) {
            return new LatentDistribution(pixels.clone(), null);
        }

        @Override
        public float[] decode(float[] latent, int frames, int latentHeight, int latentWidth) {
            return latent.clone();
        }

        @Override
        public void close() {}
    }

    private static InferenceConfig config(JsonNode arguments) throws IOException {
        List<String> lines = new ArrayList<>(List.of("image_size: [16, 16]", "mask_strategy_dialect: loop-first"));
        lines.add("prompt: " + JSON.writeValueAsString(arguments.get("prompts")));
        for (String key : List.of(
                "num_frames",
                "loop",
                "condition_frame_length",
                "num_sample",
                "batch_size",
                "reference_path",
                "mask_strategy",
                "sample_name",
                "prompt_as_path",
                "fps",
                "frame_interval")) {
            lines.add(key + ": " + JSON.writeValueAsString(arguments.get(key)));
        }
        return Configs.of(lines.toArray(String[]::new));
    }

    @ParameterizedTest
    @EnumSource(Carry.class)
    void isThatOfTheReference(Carry carry, GoldenData golden) throws IOException {
        JsonNode cases = golden.json("masks.json").get("long_video");
        assertFalse(cases.isEmpty());
        for (JsonNode sample : cases) {
            Program program = new Program(
                    config(sample.get("args")),
                    sample.get("args").get("video_reference_length").asInt(),
                    carry);
            program.run();
            assertEquals(
                    sample.get("sampler_calls"),
                    JSON.valueToTree(program.calls),
                    sample.get("args").toString());
            assertEquals(
                    sample.get("saved"),
                    JSON.valueToTree(program.saved),
                    sample.get("args").toString());
        }
    }

    /** The job's own parts around a sampler that counts. */
    private static final class Program {
        private final InferenceConfig config;
        private final int videoLength;
        private final Carry carry;
        private final ArrayNode calls = JSON.createArrayNode();
        private final ArrayNode saved = JSON.createArrayNode();
        private final List<String> texts = new ArrayList<>();

        Program(InferenceConfig config, int videoLength, Carry carry) {
            this.config = config;
            this.videoLength = videoLength;
            this.carry = carry;
        }

        void run() throws IOException {
            PromptTable.Prompts prompts = PromptTable.read(config, new Configuration(), CODEC);
            assertEquals(List.of(), prompts.bad());
            for (Batch batch : Batch.of(prompts.rows(), config.batchSize())) {
                generate(batch);
            }
        }

        private void generate(Batch batch) throws IOException {
            PromptRow.Shape shape = batch.shape();
            List<VideoRequest> requests = new ArrayList<>();
            List<ArrayNode> frames = new ArrayList<>();
            for (PromptRow prompt : batch.prompts()) {
                requests.add(request(prompt, batch.sample()));
                ObjectNode file = saved.addObject();
                String name = prompt.fileName(batch.sample());
                file.put("name", name.substring(0, name.lastIndexOf('.')));
                file.put("fps", shape.playedFps(config.video().frameInterval()));
                frames.add(file.putArray("frames"));
            }
            ClipShape clip = new ClipShape(shape.numFrames(), shape.height(), shape.width(), shape.fps(), false);
            new VideoGenerator(this::draw, new Identity(), carry)
                    .generate(
                            requests,
                            clip,
                            shape.carried(),
                            (row, frame) -> frames.get(row).add((int) frame[0]),
                            step -> {});
            frames.forEach(list -> assertEquals(
                    VideoGenerator.totalFrames(CODEC, shape.numFrames(), shape.loops(), shape.carried()), list.size()));
        }

        private VideoRequest request(PromptRow prompt, int sample) {
            Map<FrameSource, float[]> references = new HashMap<>();
            List<Integer> lengths = new ArrayList<>();
            for (String uri : prompt.references()) {
                String name = uri.substring(uri.lastIndexOf('/') + 1);
                int length = name.endsWith(".mp4") ? videoLength : 1;
                for (int frame = 0; frame < length; frame++) {
                    references.put(
                            new FrameSource(lengths.size(), frame),
                            new float[] {100 * (1 + name.charAt(0) - 'a') + frame});
                }
                lengths.add(length);
            }
            PromptRow.Shape shape = prompt.shape();
            LoopConditions conditions = LoopConditions.of(
                    MaskStrategy.parse(prompt.maskStrategy(), Dialect.LOOP_FIRST),
                    CODEC,
                    shape.numFrames(),
                    shape.loops(),
                    shape.carried(),
                    lengths);
            List<TextFeatures> captions = new ArrayList<>();
            for (String text : prompt.texts()) {
                captions.add(TextFeatures.single(new float[] {texts.size()}, new boolean[1]));
                texts.add(text);
            }
            return new VideoRequest(prompt.seed(), prompt.promptId(), sample, captions, conditions, references);
        }

        private float[][] draw(List<LatentRequest> requests, ClipShape clip, LatentShape shape, IntConsumer progress) {
            ObjectNode call = calls.addObject();
            ArrayNode prompts = call.putArray("prompts");
            ArrayNode masks = call.putArray("mask");
            ObjectNode told = call.putObject("model_args");
            ArrayNode conditioned = JSON.createArrayNode();
            float[][] latents = new float[requests.size()][clip.numFrames()];
            for (int row = 0; row < requests.size(); row++) {
                LatentRequest request = requests.get(row);
                prompts.add(texts.get((int) request.caption().values()[0]));
                ArrayNode mask = masks.addArray();
                ArrayNode kept = conditioned.addArray();
                told.withArray("height").add((double) clip.height());
                told.withArray("width").add((double) clip.width());
                told.withArray("num_frames").add((double) clip.numFrames());
                told.withArray("ar").add((double) clip.conditionAspectRatio());
                told.withArray("fps").add((double) clip.conditionFps());
                for (int frame = 0; frame < clip.numFrames(); frame++) {
                    mask.add((double) request.given().mask()[frame]);
                    float[] given = request.given().latents()[frame];
                    latents[row][frame] = given == null ? 10000 * calls.size() + 1000 * row + frame : given[0];
                    if (given != null) {
                        kept.addArray().add(frame).add((double) given[0]);
                    }
                }
            }
            call.set("conditioned_frames", conditioned);
            return latents;
        }
    }
}
