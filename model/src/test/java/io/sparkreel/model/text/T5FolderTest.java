// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.torch.Precision;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.Tensors;
import io.sparkreel.model.torch.Torch;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a T5 folder that does not fit is refused with. */
class T5FolderTest {
    private static final String CONFIG =
            "{\"vocab_size\": 8, \"d_model\": 4, \"d_kv\": 2, \"d_ff\": 4, \"num_layers\": 1,"
                    + " \"num_heads\": 2, \"relative_attention_num_buckets\": 32, \"feed_forward_proj\": \"gated-gelu\","
                    + " \"layer_norm_epsilon\": 1e-6}";

    @TempDir
    private Path folder;

    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    private String refusal(int slots) {
        long before = Tensor.liveCount();
        String message = assertThrows(
                        InvalidInputException.class,
                        () -> T5Encoder.load(folder, slots, Precision.FP32, Tensors.onHost())
                                .close())
                .getMessage();
        assertEquals(before, Tensor.liveCount());
        return message;
    }

    @Test
    void namesTheFirstThingMissing() throws IOException {
        assertTrue(refusal(0).contains("model_max_length is 0"), refusal(0));
        assertTrue(refusal(4).contains("no config.json"), refusal(4));
        Files.writeString(folder.resolve("config.json"), CONFIG);
        assertTrue(refusal(4).contains("neither tokenizer.json nor spiece.model"), refusal(4));
        Files.write(folder.resolve("spiece.model"), tinyModel(1));
        assertTrue(refusal(4).contains("neither model.safetensors nor"), refusal(4));
    }

    @ParameterizedTest
    @CsvSource({
        "gated-gelu,relu,feed_forward_proj is relu",
        "\"d_model\": 4,\"d_model\": 0,d_model is 0",
        "32,30,relative_attention_num_buckets is 30",
        "{,[,Cannot read"
    })
    void refusesAConfigurationOfAnotherModel(String from, String to, String expected) throws IOException {
        Files.writeString(folder.resolve("config.json"), CONFIG.replace(from, to));
        assertTrue(refusal(4).contains(expected), refusal(4));
    }

    @Test
    void refusesOtherTokenizers() throws IOException {
        Files.writeString(folder.resolve("config.json"), CONFIG);
        Files.write(folder.resolve("spiece.model"), tinyModel(2));
        assertTrue(refusal(4).contains("type is number 2"), refusal(4));
        byte[] cut = tinyModel(1);
        Files.write(folder.resolve("spiece.model"), java.util.Arrays.copyOf(cut, cut.length - 3));
        assertTrue(refusal(4).startsWith("Cannot read a SentencePiece model"), refusal(4));
        Files.writeString(folder.resolve("spiece.model"), "version https://git-lfs.github.com/spec/v1");
        assertTrue(refusal(4).startsWith("Cannot read a SentencePiece model"), refusal(4));
        Files.writeString(folder.resolve("tokenizer.json"), "{\"version\": \"1.0\"}");
        assertTrue(refusal(4).startsWith("Cannot read " + folder.resolve("tokenizer.json")), refusal(4));
    }

    /** Four pieces, and a text in which the end sign is spelled out. */
    @Test
    void tokenizesWithAModelWithoutRules() throws IOException {
        Files.write(folder.resolve("spiece.model"), tinyModel(1));
        try (T5Tokenizer tokenizer = T5Tokenizer.load(folder, 5)) {
            assertEquals(
                    "[3, 3, 1, 0, 0]",
                    java.util.Arrays.toString(tokenizer.tokenize("a  a ").ids()));
            assertEquals(
                    "[3, 2, 3, 2, 1]",
                    java.util.Arrays.toString(tokenizer.tokenize("ab ab a").ids()));
            assertEquals(
                    "[3, 1, 1, 0, 0]",
                    java.util.Arrays.toString(tokenizer.tokenize("a</s>").ids()));
        }
    }

    /** A SentencePiece file with the pieces padding, end, unknown and " a". */
    private static byte[] tinyModel(int type) throws IOException {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        String[] pieces = {"<pad>", "</s>", "<unk>", "\u2581a"};
        int[] kinds = {3, 3, 2, 1};
        for (int i = 0; i < pieces.length; i++) {
            ByteArrayOutputStream piece = new ByteArrayOutputStream();
            message(piece, 1, pieces[i].getBytes(StandardCharsets.UTF_8));
            piece.write(2 << 3 | 5);
            piece.write(ByteBuffer.allocate(4)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putFloat(kinds[i] == 1 ? -1 : 0)
                    .array());
            piece.write(new byte[] {3 << 3, (byte) kinds[i]});
            message(file, 1, piece.toByteArray());
        }
        message(file, 2, new byte[] {3 << 3, (byte) type});
        message(file, 3, "\n\10identity".getBytes(StandardCharsets.US_ASCII));
        return file.toByteArray();
    }

    private static void message(ByteArrayOutputStream out, int field, byte[] content) throws IOException {
        out.write(field << 3 | 2);
        out.write(content.length);
        out.write(content);
    }
}
