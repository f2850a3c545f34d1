// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.golden.Golden;
import io.sparkreel.golden.GoldenData;
import io.sparkreel.model.golden.GoldenTensors;
import io.sparkreel.model.golden.PublishedFolder;
import io.sparkreel.model.torch.Precision;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.Tensors;
import io.sparkreel.model.torch.Torch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Tokens, position buckets and features against what the reference's libraries gave. */
@Golden
class T5GoldenTest {
    private static final double FEATURES = 1e-4;
    private static final Tensors HOST = Tensors.onHost();

    private static GoldenData golden;

    @BeforeAll
    static void start(GoldenData data) {
        golden = data;
        Torch.start(1);
    }

    private interface CaseBody {
        void run(String model) throws IOException;
    }

    private static Stream<DynamicTest> models(CaseBody body) {
        return golden.files("t5_.*\\.safetensors").stream()
                .map(file -> DynamicTest.dynamicTest(file, () -> body.run(file.replace(".safetensors", ""))));
    }

    private static PublishedFolder published(Path folder, String model) throws IOException {
        Files.copy(golden.file(model + ".model"), folder.resolve("spiece.model"));
        return new PublishedFolder(
                folder,
                GoldenTensors.of(golden, model + ".safetensors"),
                golden.json(model + ".json").get("config"));
    }

    private static JsonNode tokenCases(String model) {
        return golden.json(model + "_tokens.json");
    }

    private static long[] longs(JsonNode array) {
        long[] values = new long[array.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = array.get(i).asLong();
        }
        return values;
    }

    private static int[] ints(float[] values, int from, int length) {
        int[] numbers = new int[length];
        for (int i = 0; i < length; i++) {
            numbers[i] = (int) values[from + i];
        }
        return numbers;
    }

    private static void checkTokens(T5Tokenizer tokenizer, JsonNode cases) {
        assertTrue(cases.size() > 0);
        for (JsonNode expected : cases) {
            T5Tokenizer.Tokens tokens = tokenizer.tokenize(expected.get("text").asText());
            assertArrayEquals(
                    longs(expected.get("input_ids")),
                    tokens.ids(),
                    expected.get("text").asText());
            assertArrayEquals(
                    longs(expected.get("attention_mask")),
                    Arrays.stream(tokens.mask()).asLongStream().toArray(),
                    expected.get("text").asText());
        }
    }

    @TestFactory
    Stream<DynamicTest> tokensOfSentencePieceModel(@TempDir Path parent) {
        return models(model -> {
            Path folder = Files.createDirectory(parent.resolve(model));
            published(folder, model);
            JsonNode expected = tokenCases(model);
            try (T5Tokenizer tokenizer =
                    T5Tokenizer.load(folder, expected.get("max_length").asInt())) {
                checkTokens(tokenizer, expected.get("cases"));
            }
        });
    }

    /** What a published tokenizer.json says about ends, cuts and padding is for others; ours are the reference's. */
    @TestFactory
    Stream<DynamicTest> tokensOfTokenizerJson(@TempDir Path parent) {
        return models(model -> {
            Path folder = Files.createDirectory(parent.resolve(model));
            byte[] pieces = Files.readAllBytes(golden.file(model + ".model"));
            ObjectNode json =
                    (ObjectNode) new ObjectMapper().readTree(TokenizerJson.of(SentencePieceModel.parse(pieces)));
            json.putObject("truncation")
                    .put("direction", "Right")
                    .put("max_length", 4)
                    .put("strategy", "LongestFirst")
                    .put("stride", 0);
            ObjectNode padding = json.putObject("padding");
            padding.putObject("strategy").put("Fixed", 50);
            padding.put("direction", "Right")
                    .putNull("pad_to_multiple_of")
                    .put("pad_id", 0)
                    .put("pad_type_id", 0)
                    .put("pad_token", "<pad>");
            new ObjectMapper().writeValue(folder.resolve("tokenizer.json").toFile(), json);
            JsonNode expected = tokenCases(model);
            try (T5Tokenizer tokenizer =
                    T5Tokenizer.load(folder, expected.get("max_length").asInt())) {
                checkTokens(tokenizer, expected.get("cases"));
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> positionBuckets() {
        return models(model -> {
            GoldenTensors tensors = GoldenTensors.of(golden, model + ".safetensors");
            JsonNode config = golden.json(model + ".json").get("config");
            float[] relative = tensors.values("fn.relative_position");
            float[] expected = tensors.values("fn.relative_bucket");
            for (int i = 0; i < relative.length; i++) {
                assertEquals(
                        (int) expected[i],
                        RelativePositions.bucket(
                                (int) relative[i],
                                config.get("relative_attention_num_buckets").asInt(),
                                config.get("relative_attention_max_distance").asInt()),
                        "distance " + relative[i]);
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> features(@TempDir Path parent) {
        return models(model -> {
            GoldenTensors tensors = GoldenTensors.of(golden, model + ".safetensors");
            Path folder = published(Files.createDirectory(parent.resolve(model)), model)
                    .inOneFile("model.safetensors");
            for (String[] names : new String[][] {{"in", "out"}, {"long", "long"}}) {
                int slots = (int) tensors.shape(names[0] + ".input_ids")[1];
                try (T5Encoder encoder = T5Encoder.load(folder, slots, Precision.FP32, HOST)) {
                    float[] features = rows(encoder, tensors, names[0], slots);
                    tensors.assertClose(names[1] + ".last_hidden_state", features, FEATURES);
                }
            }
        });
    }

    private static float[] rows(T5Encoder encoder, GoldenTensors tensors, String in, int slots) {
        int texts = (int) tensors.shape(in + ".input_ids")[0];
        float[] all = new float[texts * slots * encoder.width()];
        for (int row = 0; row < texts; row++) {
            long[] ids = Arrays.stream(ints(tensors.values(in + ".input_ids"), row * slots, slots))
                    .asLongStream()
                    .toArray();
            float[] features = encoder.features(ids, ints(tensors.values(in + ".attention_mask"), row * slots, slots));
            System.arraycopy(features, 0, all, row * features.length, features.length);
        }
        return all;
    }

    @TestFactory
    Stream<DynamicTest> textsFromShards(@TempDir Path parent) {
        return models(model -> {
            long before = Tensor.liveCount();
            GoldenTensors tensors = GoldenTensors.of(golden, model + ".safetensors");
            Path folder = published(Files.createDirectory(parent.resolve(model)), model)
                    .inShards("model.safetensors", 3);
            List<String> texts = new ArrayList<>();
            tokenCases(model)
                    .get("cases")
                    .forEach(expected -> texts.add(expected.get("text").asText()));
            try (T5Encoder encoder = T5Encoder.load(
                    folder, golden.json(model + ".json").get("max_length").asInt(), Precision.FP32, HOST)) {
                TextFeatures features = encoder.encode(texts);
                tensors.assertClose("out.last_hidden_state", features.values(), FEATURES);
                int[] expected = ints(tensors.values("in.attention_mask"), 0, features.mask().length);
                for (int slot = 0; slot < expected.length; slot++) {
                    assertEquals(expected[slot] != 0, features.mask()[slot], "slot " + slot);
                }
                float[] alone = encoder.encode(texts.subList(1, 2)).values();
                assertArrayEquals(Arrays.copyOfRange(features.values(), alone.length, 2 * alone.length), alone);
            }
            assertEquals(before, Tensor.liveCount());
        });
    }

    /** bf16 keeps 8 bits, so each of the matrices of every layer may be off by 2^-9 of its largest value. */
    @TestFactory
    Stream<DynamicTest> halfPrecision(@TempDir Path parent) {
        return models(model -> {
            GoldenTensors tensors = GoldenTensors.of(golden, model + ".safetensors");
            Path folder = published(Files.createDirectory(parent.resolve(model)), model)
                    .inOneFile("model.safetensors");
            int slots = (int) tensors.shape("in.input_ids")[1];
            try (T5Encoder encoder = T5Encoder.load(folder, slots, Precision.BF16, HOST)) {
                double error = GoldenTensors.error(
                        tensors.values("out.last_hidden_state"), rows(encoder, tensors, "in", slots));
                int layers = golden.json(model + ".json")
                        .get("config")
                        .get("num_layers")
                        .asInt();
                assertTrue(error < 7e-3 * (layers + 1) && error > 1e-4, "relative error " + error);
            }
        });
    }
}
