// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.bucketing.NearestName;
import io.sparkreel.bucketing.bucket.BucketConfig;
import io.sparkreel.jobs.config.bucketing.BucketingConfig;
import io.sparkreel.jobs.config.inference.InferenceConfig;
import io.sparkreel.jobs.config.reader.ConfigLoader;
import io.sparkreel.jobs.config.reader.ConfigOverride;
import io.sparkreel.jobs.config.reader.LoadedConfig;
import io.sparkreel.jobs.config.train.AdamBetas;
import io.sparkreel.jobs.config.train.CollectiveConfig;
import io.sparkreel.jobs.config.train.CollectiveTransport;
import io.sparkreel.jobs.config.train.OptimizerConfig;
import io.sparkreel.jobs.config.train.PortRange;
import io.sparkreel.jobs.config.train.TrainingConfig;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.model.autoencoder.AutoencoderKlConfig;
import io.sparkreel.model.autoencoder.WaveletConfig;
import io.sparkreel.model.family.stdit2.PatchSize;
import io.sparkreel.model.family.stdit2.Stdit2Section;
import io.sparkreel.model.optim.LearningRate;
import io.sparkreel.model.torch.Precision;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigLoaderTest {
    private static final String TRAINING = """
            vae: {type: wavelet}
            text_encoder: {type: hash}
            """;
    private static final String INFERENCE = TRAINING;

    private static Stdit2Section model(TrainingConfig config) {
        return (Stdit2Section) config.model();
    }

    private static TrainingConfig training(String more, ConfigOverride... overrides) {
        return ConfigLoader.parse(TrainingConfig.class, "x.yaml", TRAINING + more, List.of(overrides))
                .config();
    }

    private static ConfigOverride set(String key, String value) {
        return ConfigOverride.yaml(key, value, "--set " + key + "=" + value);
    }

    private static String refusal(Class<? extends Record> type, String text, ConfigOverride... overrides) {
        return assertThrows(UserError.class, () -> ConfigLoader.parse(type, "x.yaml", text, List.of(overrides)))
                .getMessage();
    }

    @Test
    void absentKeysTakeTheDefaultsOfTheReference() {
        TrainingConfig config = training("");
        assertEquals(
                new OptimizerConfig(
                        2e-5,
                        LearningRate.Schedule.CONSTANT,
                        0,
                        1.0,
                        0,
                        new AdamBetas(0.9, 0.999),
                        1e-8,
                        0.9999,
                        false,
                        false),
                config.optimizer());
        assertEquals(
                new Stdit2Section(
                        "STDiT2",
                        null,
                        true,
                        1152,
                        28,
                        16,
                        4,
                        new PatchSize(1, 2, 2),
                        null,
                        null,
                        null,
                        32,
                        false,
                        0.1,
                        null),
                config.model());
        assertEquals(42, config.run().seed());
        assertEquals(Precision.BF16, config.dtype());
        assertNull(config.maskRatios());
        assertEquals(
                new WaveletConfig(
                        3,
                        1,
                        List.of("Y-LL", "Y-LH", "Y-HL", "Y-HH", "Cb-LL", "Cr-LL"),
                        List.of(3.3, 0.75, 0.8, 0.38, 0.53, 0.43)),
                config.vae());
    }

    @Test
    void theFileSaysTheSeed() {
        assertEquals(7, training("seed: 7").run().seed());
    }

    @Test
    void bucketConfigReadsInFlowStyle() {
        BucketingConfig config = ConfigLoader.parse(
                        BucketingConfig.class,
                        "x.yaml",
                        "bucket_config: {\"480p\": {16: [1.0, 8], 32: [0, null]}, 256: {1: [.5, 4]}}",
                        List.of())
                .config();
        assertEquals(
                Map.of(16, new BucketLevel(1, 8), 32, new BucketLevel(0, null)),
                config.bucketConfig().get("480p"));
        assertEquals(List.of("480p", "256"), List.copyOf(config.bucketConfig().keySet()));
    }

    @Test
    void ownResolutionsKeepTheirOrder() {
        BucketingConfig config = ConfigLoader.parse(BucketingConfig.class, "x.yaml", """
                bucket_config: {96p: {8: [1.0, 4]}}
                resolutions: {96p: {pixels: 9216, ratios: {"1.78": [128, 72], "0.56": [72, 128], 1.00: [96, 96]}}}
                """, List.of())
                .config();
        assertEquals(
                List.of("1.78", "0.56", "1.00"),
                List.copyOf(config.resolutions().get("96p").ratios().keySet()));
        assertEquals(
                new ImageSize(72, 128), config.resolutions().get("96p").ratios().get("0.56"));
    }

    @Test
    void bucketsAreTheRuleOfTheBucketingModule() {
        BucketConfig buckets = ConfigLoader.parse(BucketingConfig.class, "x.yaml", """
                bucket_config: {96p: {8: [0.5, 4]}, 4K: {16: [1.0, 1], 1: [0.0, null]}}
                resolutions: {96p: {pixels: 9216, ratios: {"0.56": [72, 128]}}}
                frame_interval: 3
                resolution_slack: 0.9
                """, List.of())
                .config()
                .buckets();
        assertEquals(
                List.of("4k", "96p"),
                buckets.levels().stream().map(l -> l.resolution().name()).toList());
        assertEquals(
                new BucketConfig.Entry(8, 0.5, 4, 2),
                buckets.levels().get(1).entries().get(0));
        assertEquals(List.of(0.9, 3), List.of(buckets.resolutionSlack(), buckets.frameInterval()));
    }

    @Test
    void aNamedSizeFillsTheModelIn() {
        Stdit2Section named = model(training("model: {type: STDiT2-B/2, num_heads: 12}"));
        assertEquals(List.of(12, 768, 12), List.of(named.depth(), named.hiddenSize(), named.numHeads()));
        Stdit2Section free = model(training("model: {depth: 2, hidden_size: 96, num_heads: 4}"));
        assertEquals(List.of(2, 96, 4), List.of(free.depth(), free.hiddenSize(), free.numHeads()));
    }

    @Test
    void overridesWinInTheirOrderAndReachAnyKey() {
        TrainingConfig config = training(
                "lr: 1e-3\nbucket_config: {480p: {16: [1.0, 8]}}",
                set("lr", "1e-4"),
                set("lr", "3e-4"),
                set("model.qk_norm", "true"),
                set("bucket_config.480p.16", "[1.0, 2]"),
                set("vae", "{type: VideoAutoencoderKL, from_pretrained: /weights}"),
                set("grad_clip", "null"));
        assertEquals(3e-4, config.optimizer().lr());
        assertTrue(model(config).qkNorm());
        assertEquals(2, config.bucketConfig().get("480p").get(16).batchSize());
        assertEquals(new AutoencoderKlConfig("/weights", true, null), config.vae());
        assertNull(config.optimizer().gradClip());
    }

    @Test
    void ranksTalkAsConfigured() {
        CollectiveConfig usual = training("").collective();
        assertEquals(new CollectiveConfig(CollectiveTransport.AUTO, Precision.FP32, null, null, 30), usual);
        CollectiveConfig chosen = training("transport: tcp\nall_reduce_dtype: bf16\nbind_address: eth1\n"
                        + "port_range: [40000, 40063]\nstall_timeout_s: 120")
                .collective();
        assertEquals(
                new CollectiveConfig(
                        CollectiveTransport.TCP, Precision.BF16, "eth1", new PortRange(40_000, 40_063), 120),
                chosen);
        assertEquals(Device.AUTO, training("").device());
        assertTrue(training("optimizer_sharding: true").optimizer().optimizerSharding());
        for (String refused : List.of(
                "port_range: [9, 8]",
                "port_range: [0, 8]",
                "transport: udp",
                "stall_timeout_s: 0",
                "transport: nccl\nall_reduce_dtype: bf16",
                "transport: nccl\ndevice: cpu",
                "bind_address: ''")) {
            assertThrows(UserError.class, () -> training(refused), refused);
        }
    }

    @Test
    void textsFromFlagsAreTakenAsTheyAre() {
        InferenceConfig config = ConfigLoader.parse(
                        InferenceConfig.class,
                        "x.yaml",
                        INFERENCE,
                        List.of(
                                ConfigOverride.texts("prompt", List.of("a: [dog", "007"), "--prompt"),
                                ConfigOverride.text("save_dir", "~", "--save-dir ~")))
                .config();
        assertEquals(List.of("a: [dog", "007"), config.prompts().prompt());
        assertEquals("~", config.output().saveDir());
    }

    @Test
    void promptsMayGoWithoutReference() {
        InferenceConfig config = ConfigLoader.parse(
                        InferenceConfig.class,
                        "x.yaml",
                        INFERENCE + "reference_path: [a.png, null]\nmask_strategy: [\"0\", null]",
                        List.of())
                .config();
        assertEquals(Arrays.asList("a.png", null), config.conditioning().referencePath());
    }

    @Test
    void keysWithoutWorkGiveANoticeEach() {
        LoadedConfig<TrainingConfig> loaded =
                ConfigLoader.parse(TrainingConfig.class, "x.yaml", TRAINING + """
                num_workers: 8
                num_bucket_build_workers: 16
                plugin: zero2
                sp_size: 1
                model: {enable_flashattn: true, enable_layernorm_kernel: true, depth: 2}
                """, List.of());
        assertEquals(6, loaded.notices().size(), loaded.notices()::toString);
        assertTrue(loaded.notices()
                .contains("'plugin' has no effect here: the executors of the Spark job are the data-parallel ranks."));
        assertEquals(2, model(loaded.config()).depth());
        assertEquals(
                List.of(),
                ConfigLoader.parse(TrainingConfig.class, "y", loaded.yaml(), List.of())
                        .notices());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            lerning_rate: 1             | unknown key 'lerning_rate' (value 1). Did you mean 'lr'?
            learning_rate: 1            | unknown key 'learning_rate' (value 1). Did you mean 'lr'?
            epoch: 3                    | unknown key 'epoch' (value 3). Did you mean 'epochs'?
            model: {hidden_sise: 96}    | unknown key 'model.hidden_sise' (value 96). Did you mean 'model.hidden_size'?
            qk_norm: true               | unknown key 'qk_norm' (value true). Did you mean 'model.qk_norm'?
            dataset: {datapath: x}      | unknown key 'dataset.datapath' (value "x"). Did you mean 'dataset.data_path'?
            model: {depth: 2, lr: 1}    | unknown key 'model.lr' (value 1). Did you mean 'lr'?
            lr: fast                    | 'lr' is "fast". Give a number.
            lr: "1e-3"                  | 'lr' is "1e-3". Give a number.
            lr: -1.0                    | 'lr' is -1.0. Give a number above 0.
            lr: 0                       | 'lr' is 0.0. Give a number above 0.
            lr:                         | 'lr' is null. Give a number.
            lr: 1e999                   | 'lr' is
            epochs: 1.5                 | 'epochs' is 1.5. Give a whole number.
            epochs: 3000000000          | 'epochs' is 3000000000. Give a whole number.
            epochs: 0                   | 'epochs' is 0. Give a whole number of at least 1.
            max_steps: many             | 'max_steps' is "many". Give a whole number, or null.
            model: {in_channels: many}  | 'model.in_channels' is "many". Give a whole number, or auto.
            dtype: fp16                 | 'dtype' is "fp16". Give one of bf16, fp32 (nearest: bf16).
            lr_schedule: cosin          | 'lr_schedule' is "cosin". Give one of constant, cosine, linear (nearest: cosine).
            model: {freeze: txt}        | 'model.freeze' is "txt". Give one of not_temporal, text, or null (nearest: text).
            grad_checkpoint: 1          | 'grad_checkpoint' is 1. Give true or false.
            model: 3                    | 'model' is 3. Give a mapping of keys to values.
            model: {patch_size: [1, 2]} | 'model.patch_size' is [1,2]. Give frames, rows and columns of a patch, such as [1, 2, 2].
            model: {patch_size: [1,2,0]}| 'model.patch_size.columns' is 0. Give a whole number of at least 1.
            model: {hidden_size: 100}   | 'model.hidden_size' is 100. Give a multiple of 12.
            model: {num_heads: 5}       | 'model.num_heads' is 5. Give a number of heads that cuts hidden_size 1152 into even widths.
            adam_betas: [0.9, 1.0]      | 'adam_betas.second' is 1.0. Give a number from 0 to below 1.
            max_bad_clips: 20           | 'max_bad_clips' is 20.0. Give a number between 0 and 1.
            mask_ratios: {mask_no: 2}   | 'mask_ratios.mask_no' is 2.0. Give a number between 0 and 1.
            dataset: {num_frames: 16}   | 'dataset.num_frames' is 16. Give null: the bucket of each clip sets it.
            bucket_config: {480p: {x: [1, 2]}}      | 'bucket_config.480p' is a mapping with the key "x". Give numbers of frames, such as 16, as its keys.
            bucket_config: {480p: {16: [1.5, 2]}}   | 'bucket_config.480p.16.keep_prob' is 1.5. Give a number between 0 and 1.
            bucket_config: {480p: {16: [1.0, null]}}| 'bucket_config.480p.16.batch_size' is null. Give a whole number of at least 1: only a level with keep_prob 0 goes without.
            bucket_config: {480p: {16: 8}}          | 'bucket_config.480p.16' is 8. Give keep_prob and batch size, such as [1.0, 8], or [0.0, null] to close it.
            start_from_scratch: true    | 'start_from_scratch' is true. Give false, or a folder to start from as 'load'.
            outputs: " "                | 'outputs' is " ". Give a text that is not empty.
            model: {type: STDiT2-Q/2}   | 'model.type' is refused. Cannot build model 'STDiT2-Q/2': no such size. Use one of [
            model: {type: STDiT2-XL/2, depth: 2} | 'model.depth' is 2. Give 28, which STDiT2-XL/2 has, or 'type: STDiT2' for sizes of your own.
            lr: 1\\nlr: 2               | Duplicate field 'lr'
            a: &x 1\\nlr: *x            | the alias '*x'. Write the value out.
            """)
    void refusesWithFileKeyValueAndAdvice(String line, String expected) {
        String text = TRAINING + line.replace("\\n", "\n");
        String message = refusal(TrainingConfig.class, text);
        assertTrue(message.startsWith("Cannot read x.yaml: "), message);
        assertTrue(message.contains(expected), message);
        assertEquals(1, message.lines().count(), message);
    }

    @Test
    void variantsHaveTheirOwnKeys() {
        String codec = "vae: {type: wavelet, from_pretrained: x}\ntext_encoder: {type: hash}";
        assertEquals(
                "Cannot read x.yaml: unknown key 'vae.from_pretrained' (value \"x\"). Did you mean"
                        + " 'model.from_pretrained'?",
                refusal(TrainingConfig.class, codec));
        assertEquals(
                "Cannot read x.yaml: 'vae.type' is \"wavelets\". Give one of VideoAutoencoderKL, wavelet (nearest:"
                        + " wavelet).",
                refusal(TrainingConfig.class, codec.replace("wavelet,", "wavelets,")));
        assertEquals(
                "Cannot read x.yaml: the key 'vae.from_pretrained' is missing. Give a text.",
                refusal(TrainingConfig.class, "vae: {type: VideoAutoencoderKL}\ntext_encoder: {type: hash}"));
        assertEquals(
                "Cannot read x.yaml: the key 'vae.type' is missing. Give one of VideoAutoencoderKL, wavelet.",
                refusal(TrainingConfig.class, "text_encoder: {type: hash}"));
    }

    @Test
    void bucketingAndInferenceRefuseTheirOwn() {
        assertEquals(
                "Cannot read x.yaml: the key 'bucket_config' is missing. Give a mapping of keys to values.",
                refusal(BucketingConfig.class, ""));
        String own = "bucket_config: {96p: {8: [1.0, 4]}}\nresolutions: {96p: {pixels: 9216, ratios: {%s}}}";
        assertTrue(refusal(BucketingConfig.class, own.formatted(""))
                .startsWith("Cannot read x.yaml: 'resolutions.96p'"
                        + " is refused. Cannot define resolution \"96p\": it has no aspect ratio. Give at least one"));
        assertTrue(refusal(BucketingConfig.class, own.formatted("x: [72, 128]")).contains("Label it by"));
        assertTrue(refusal(BucketingConfig.class, "bucket_config: {4800p: {8: [1.0, 4]}}")
                .startsWith("Cannot read"
                        + " x.yaml: 'bucket_config' is refused. Cannot use resolution \"4800p\": it is not defined. Did you mean"
                        + " \"480p\"?"));
        assertTrue(refusal(BucketingConfig.class, "", set("bucket_config", "{480: {8: [1.0, 4]}}"))
                .startsWith("Cannot" + " read --set bucket_config={480: {8: [1.0, 4]}}: 'bucket_config' is refused."));
        assertTrue(refusal(BucketingConfig.class, "bucket_config: {}").contains("'bucket_config' is refused."));
        assertEquals(
                "Cannot read x.yaml: 'condition_frame_length' is null. Give a number of frames: a generation after"
                        + " the first starts from them.",
                refusal(InferenceConfig.class, INFERENCE + "loop: 2"));
        assertEquals(
                "Cannot read x.yaml: 'fps' is 2. Give at least frame_interval, which is 3.",
                refusal(InferenceConfig.class, INFERENCE + "fps: 2\nframe_interval: 3"));
    }

    @Test
    void errorsNameTheFlagThatBroughtTheValue() {
        assertEquals(
                "Cannot read --set lerning_rate=1: unknown key 'lerning_rate' (value 1). Did you mean 'lr'?",
                refusal(TrainingConfig.class, TRAINING, set("lerning_rate", "1")));
        assertEquals(
                "Cannot read --set model.hiden_size=96: unknown key 'model.hiden_size' (value 96). Did you mean"
                        + " 'model.hidden_size'?",
                refusal(TrainingConfig.class, TRAINING, set("model.hiden_size", "96")));
        assertEquals(
                "Cannot read --set optimiser.lr=1: unknown key 'optimiser' (value {\"lr\":1}). Did you mean" + " 'lr'?",
                refusal(TrainingConfig.class, TRAINING, set("optimiser.lr", "1")));
        assertEquals(
                "Cannot read --set lr=-1: 'lr' is -1.0. Give a number above 0.",
                refusal(TrainingConfig.class, TRAINING + "lr: 1", set("lr", "-1")));
        assertTrue(refusal(TrainingConfig.class, TRAINING + "lr: -1", set("epochs", "1"))
                .startsWith("Cannot read x.yaml: 'lr' is -1.0."));
        assertEquals(
                "Cannot read --set lr.x=1: 'lr' is 1, which has no keys. Set it as a whole.",
                refusal(TrainingConfig.class, TRAINING + "lr: 1", set("lr.x", "1")));
        assertEquals(
                "Cannot read --set model..x=1: the key 'model..x' has an empty part. Write it as"
                        + " section.key=value.",
                refusal(TrainingConfig.class, TRAINING, set("model..x", "1")));
    }

    @Test
    void refusesWhatIsNoConfigurationFile(@TempDir Path folder) throws Exception {
        assertTrue(refusalOf(folder.resolve("none.yaml"))
                .endsWith("none.yaml: there is no such file. Give --config the"
                        + " path of a configuration, such as those under conf/."));
        assertTrue(refusalOf(folder).contains(": it is a folder. "));
        Path latin = Files.write(folder.resolve("latin.yaml"), "lr: é".getBytes(StandardCharsets.ISO_8859_1));
        assertTrue(refusalOf(latin).contains("it is not UTF-8 text"));
        Path list = Files.writeString(folder.resolve("list.yaml"), "- 1\n- 2\n");
        assertTrue(refusalOf(list).contains("it holds [1,2], not keys and values"));
        Path broken = Files.writeString(folder.resolve("broken.yaml"), "lr: [1,\nepochs: 2\n");
        assertTrue(
                refusalOf(broken).matches("Cannot read .*broken.yaml: .* in line [0-9]+\\. Correct the YAML there\\."),
                refusalOf(broken));
        Path two = Files.writeString(folder.resolve("two.yaml"), TRAINING + "---\nlr: 2\n");
        assertTrue(refusalOf(two).contains("Correct the YAML there"), refusalOf(two));
    }

    private static String refusalOf(Path file) {
        return assertThrows(UserError.class, () -> ConfigLoader.load(TrainingConfig.class, file, List.of()))
                .getMessage();
    }

    @Test
    void refusalsOfOtherModulesNameFileAndKey() {
        LoadedConfig<TrainingConfig> loaded = ConfigLoader.parse(TrainingConfig.class, "x.yaml", TRAINING, List.of());
        UserError error = assertThrows(
                UserError.class,
                () -> loaded.resolve("mask_ratios", () -> {
                    throw new io.sparkreel.model.InvalidInputException("Cannot draw masks: no 'x'. Give 'y'.");
                }));
        assertEquals(
                "Cannot read x.yaml: 'mask_ratios' is refused. Cannot draw masks: no 'x'. Give 'y'.",
                error.getMessage());
    }

    @Test
    void everyDefaultIsValidAndEveryKeyIsReachable() {
        for (Class<? extends Record> type : List.of(TrainingConfig.class, InferenceConfig.class)) {
            String written =
                    ConfigLoader.parse(type, "x.yaml", TRAINING, List.of()).yaml();
            for (String path : ConfigLoader.keys(type)) {
                String name = path.substring(path.lastIndexOf('.') + 1);
                boolean ofOtherVariant = path.endsWith("from_pretrained")
                        || path.equals("vae.micro_batch_size")
                        || path.endsWith("local_files_only")
                        || path.endsWith("shardformer")
                        || path.equals("model.toy_width"); // of the family that only tests register
                assertTrue(ofOtherVariant || written.contains(name + ":"), path + " in\n" + written);
            }
        }
    }

    @Test
    void nearestCountsSwapsAndIgnoresCase() {
        assertEquals(1, NearestName.distance("epcohs", "epochs"));
        assertEquals(0, NearestName.distance("Max-Steps", "max_steps"));
        assertEquals(3, NearestName.distance("kitten", "sitting"));
        assertEquals("b", NearestName.of("b", List.of("a", "b", "c")));
    }
}
