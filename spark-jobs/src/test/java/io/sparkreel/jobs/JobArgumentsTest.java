// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.jobs.config.ImageSize;
import io.sparkreel.jobs.config.inference.InferenceConfig;
import io.sparkreel.jobs.config.reader.ConfigLoader;
import io.sparkreel.jobs.config.train.TrainingConfig;
import io.sparkreel.jobs.error.UserError;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JobArgumentsTest {
    private static final Path CONF = Path.of(System.getProperty("project.root")).resolve("conf");
    private static final String SAMPLE = CONF.resolve("inference/sample.yaml").toString();
    private static final String STAGE = CONF.resolve("train/stage1.yaml").toString();

    private static InferenceConfig inference(String... words) {
        String[] all = new String[words.length + 2];
        all[0] = "--config";
        all[1] = SAMPLE;
        System.arraycopy(words, 0, all, 2, words.length);
        return JobArguments.parse(JobCommand.INFERENCE, all)
                .load(InferenceConfig.class)
                .config();
    }

    private static String refusal(JobCommand<?> command, String... words) {
        return assertThrows(
                        UserError.class,
                        () -> JobArguments.parse(command, words).load(command.type()))
                .getMessage();
    }

    @Test
    void everyFlagOfTheReferenceSetsItsKey() {
        InferenceConfig config = inference(
                "--ckpt-path",
                "run",
                "--prompt",
                "a dog",
                "a {cat}",
                "--seed",
                "7",
                "--batch-size",
                "2",
                "--save-dir",
                "out",
                "--sample-name",
                "x",
                "--start-index",
                "1",
                "--end-index",
                "9",
                "--num-sample",
                "3",
                "--prompt-as-path",
                "--num-frames",
                "32",
                "--fps",
                "30",
                "--image-size",
                "144",
                "256",
                "--num-sampling-steps",
                "50",
                "--cfg-scale",
                "4.5",
                "--loop",
                "2",
                "--condition-frame-length",
                "4",
                "--reference-path",
                "a.png;b.png",
                "c.mp4",
                "--mask-strategy",
                "0",
                "0,0,0,0,8,0.3",
                "--prompt-path",
                "prompts.txt");
        assertEquals("run", config.model().fromPretrained());
        assertEquals(List.of("a dog", "a {cat}"), config.prompts().prompt());
        assertEquals("prompts.txt", config.prompts().promptPath());
        assertEquals(
                List.of(1, 9),
                List.of(config.prompts().startIndex(), config.prompts().endIndex()));
        assertEquals(7, config.seed());
        assertEquals(2, config.batchSize());
        assertEquals("out", config.output().saveDir());
        assertEquals("x", config.output().sampleName());
        assertEquals(3, config.output().numSample());
        assertTrue(config.output().promptAsPath());
        assertEquals(
                List.of(32, 30),
                List.of(config.video().numFrames(), config.video().fps()));
        assertEquals(new ImageSize(144, 256), config.video().imageSize());
        assertEquals(50, config.scheduler().numSamplingSteps());
        assertEquals(4.5, config.scheduler().cfgScale());
        assertEquals(
                List.of(2, 4),
                List.of(config.conditioning().loop(), config.conditioning().conditionFrameLength()));
        assertEquals(List.of("a.png;b.png", "c.mp4"), config.conditioning().referencePath());
        assertEquals(List.of("0", "0,0,0,0,8,0.3"), config.conditioning().maskStrategy());
    }

    @Test
    void spellingsAreOneFlag() {
        for (String[] words : List.of(
                new String[] {"--prompt_path", "p"},
                new String[] {"--prompt-path", "p"},
                new String[] {"--prompt-path=p"},
                new String[] {"--set", "prompt_path=p"},
                new String[] {"--set=prompt_path=p"})) {
            assertEquals("p", inference(words).prompts().promptPath(), words[0]);
        }
    }

    @Test
    void theConfigurationMayStandAlone() {
        TrainingConfig config = JobArguments.parse(
                        JobCommand.TRAINING,
                        STAGE,
                        "--data-path",
                        "buckets",
                        "--outputs",
                        "run",
                        "--load",
                        "old",
                        "--start-from-scratch",
                        "--set",
                        "model.depth=28")
                .load(TrainingConfig.class)
                .config();
        assertEquals("buckets", config.dataset().dataPath());
        assertEquals("run", config.run().outputs());
        assertEquals("old", config.run().load());
        assertTrue(config.run().startFromScratch());
    }

    @Test
    void laterOptionsWin() {
        assertEquals(
                3, inference("--seed", "1", "--set", "seed=2", "--seed", "3").seed());
        assertEquals(2, inference("--seed", "1", "--set", "seed=2").seed());
    }

    @Test
    void textsStayTexts() {
        assertEquals(
                List.of("--a", "007", "[x", ""),
                inference("--prompt=--a", "007", "[x", "").prompts().prompt());
    }

    @Test
    void aSingleDashBeginsNoOption() {
        InferenceConfig config = inference("--prompt", "a dog", "-b", "@c", "${d}", "--seed", "-1");
        assertEquals(List.of("a dog", "-b", "@c", "${d}"), config.prompts().prompt());
        assertEquals(-1, config.seed());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            --saved-dir x          | unknown option '--saved-dir'. Did you mean '--save-dir'? --help lists them all.
            --mlp-ratio 3          | unknown option '--mlp-ratio'. Did you mean '--set model.mlp_ratio=VALUE'? --help lists them all.
            --seed                 | '--seed' has no value. Write --seed N.
            --image-size 144       | '--image-size' has the values [144]. Write --image-size H W.
            --prompt --seed 1      | '--prompt' has no value. Write --prompt TEXT ....
            --prompt-as-path=yes   | '--prompt-as-path' has the values [yes]. Write --prompt-as-path.
            --set seed             | '--set seed' sets nothing. Write --set key=value.
            --seed 1 2             | '2' beside the configuration
            --config x             | 'x' beside the configuration
            """)
    void refusesWithAdvice(String words, String expected) {
        String message = refusal(JobCommand.INFERENCE, ("--config " + SAMPLE + " " + words).split(" "));
        assertTrue(message.startsWith("Cannot start the inference job: " + expected), message);
    }

    @Test
    void refusesWithoutConfiguration() {
        assertTrue(refusal(JobCommand.TRAINING, "--seed", "1")
                .startsWith("Cannot start the training job: no --config. Give --config FILE"));
    }

    @Test
    void valuesOfFlagsAreCheckedUnderTheirName() {
        assertEquals(
                "Cannot read --seed x: 'seed' is \"x\". Give a whole number.",
                refusal(JobCommand.TRAINING, STAGE, "--seed", "x"));
        assertEquals(
                "Cannot read --image-size 0 16: 'image_size.height' is 0. Give a whole number of at least 1.",
                refusal(JobCommand.INFERENCE, SAMPLE, "--image-size", "0", "16"));
    }

    @Test
    void everyFlagHasAKeyThatExists() {
        for (JobCommand<?> command :
                List.of(JobCommand.BUCKETING, JobCommand.TRAINING, JobCommand.ENCODE, JobCommand.INFERENCE)) {
            for (JobFlag flag : command.flags()) {
                boolean known = ConfigLoader.keys(command.type()).contains(flag.key());
                assertTrue(known, flag::toString);
                assertTrue(command.usage().contains("--" + flag.name()), flag::toString);
            }
        }
    }
}
