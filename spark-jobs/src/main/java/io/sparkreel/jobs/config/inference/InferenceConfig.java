// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.inference;

import io.sparkreel.jobs.config.Device;
import io.sparkreel.jobs.config.TextEncoderConfig;
import io.sparkreel.jobs.config.reader.Flat;
import io.sparkreel.jobs.config.reader.Synonym;
import io.sparkreel.model.autoencoder.CodecConfig;
import io.sparkreel.model.family.ModelSection;
import io.sparkreel.model.process.SamplerSection;
import io.sparkreel.model.settings.Check;
import io.sparkreel.model.settings.Default;
import io.sparkreel.model.settings.NoEffect;
import io.sparkreel.model.settings.Section;
import io.sparkreel.model.torch.Precision;

/**
 * An inference run: the keys of {@code conf/inference/*.yaml}.
 *
 * @param video shape of the clips
 * @param model weights, and sizes where the weights say none
 * @param vae the latent codec, as in training
 * @param textEncoder the text encoder, as in training
 * @param scheduler the sampler
 * @param dtype what the model computes in
 * @param device what it computes on
 * @param prompts what is asked for
 * @param batchSize prompts at a time
 * @param seed of every draw
 * @param output where the clips go
 * @param conditioning references and long videos
 */
@NoEffect(key = "multi_resolution", instead = "the model is always conditioned on size, frames and fps")
@Synonym(
        key = "dtype",
        names = {"mixed_precision", "precision"})
@Synonym(key = "save_dir", names = "output_dir")
@Synonym(key = "hidden_size", names = "hidden_dim")
@Synonym(key = "depth", names = "num_layers")
@Synonym(key = "num_heads", names = "heads")
@Synonym(key = "from_pretrained", names = "checkpoint")
@Synonym(key = "cfg_scale", names = "guidance_scale")
@Synonym(key = "num_sampling_steps", names = "sampling_steps")
@Synonym(key = "image_size", names = "resolution")
@Synonym(key = "num_frames", names = "frames")
public record InferenceConfig(
        @Flat VideoConfig video,
        ModelSection model,
        CodecConfig vae,
        TextEncoderConfig textEncoder,
        SamplerSection scheduler,
        @Default("bf16") Precision dtype,
        @Default("auto") Device device,
        @Flat PromptConfig prompts,
        @Default("1") int batchSize,
        @Default("42") long seed,
        @Flat OutputConfig output,
        @Flat ConditioningConfig conditioning)
        implements Section {
    public InferenceConfig {
        Check.atLeast("batch_size", batchSize, 1);
        Integer carried = conditioning.conditionFrameLength();
        Check.that(
                carried == null || carried < video.numFrames() || conditioning.loop() == 1,
                "condition_frame_length",
                carried,
                "less than num_frames, which is " + video.numFrames());
    }
}
