// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.text;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.torch.Torch;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Splits texts into the tokens of a T5: those of its vocabulary, an end sign, and padding up to a fixed number of slots.
 * A text that is too long loses its end, never the end sign.
 */
final class T5Tokenizer implements AutoCloseable {

    private static final int PADDING = 0;
    private static final int END = 1;
    // Ending and padding are done here, whatever a folder's file says about them.
    private static final Map<String, String> PLAIN =
            Map.of("addSpecialTokens", "false", "padding", "false", "truncation", "false");

    private final HuggingFaceTokenizer tokenizer;
    private final int slots;

    private T5Tokenizer(HuggingFaceTokenizer tokenizer, int slots) {
        this.tokenizer = tokenizer;
        this.slots = slots;
    }

    /**
     * A text's tokens.
     *
     * @param ids [L]
     * @param mask [L], 1 for a token and the end sign, 0 for padding
     */
    record Tokens(long[] ids, int[] mask) {}

    /**
     * Loads the tokenizer of a folder: its {@code tokenizer.json} if there is one, else its {@code spiece.model}.
     *
     * @param slots L, at least 1
     * @throws InvalidInputException if the folder has neither, or a damaged one
     */
    static T5Tokenizer load(Path folder, int slots) throws IOException {
        Path json = folder.resolve("tokenizer.json");
        if (Files.isRegularFile(json)) {
            return of(json, Files.readAllBytes(json), slots);
        }
        Path model = folder.resolve("spiece.model");
        if (Files.isRegularFile(model)) {
            String converted = TokenizerJson.of(SentencePieceModel.parse(Files.readAllBytes(model)));
            return of(model, converted.getBytes(StandardCharsets.UTF_8), slots);
        }
        throw new InvalidInputException(
                "Cannot load a tokenizer from " + folder + ": there is neither tokenizer.json nor"
                        + " spiece.model. Give a folder as published on the Hugging Face hub.");
    }

    private static T5Tokenizer of(Path source, byte[] json, int slots) throws IOException {
        try {
            return new T5Tokenizer(Torch.unpackAlone("tokenizers", () -> open(json)), slots);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        } catch (RuntimeException e) { // the library throws no narrower one
            throw new InvalidInputException("Cannot read " + source + ": " + e.getMessage()
                    + ". Get the file anew from where it was published.");
        }
    }

    private static HuggingFaceTokenizer open(byte[] json) {
        try {
            return HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(json), PLAIN);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Tokens tokenize(String text) {
        long[] pieces = tokenizer.encode(text, false, false).getIds();
        int kept = Math.min(pieces.length, slots - 1);
        long[] ids = new long[slots];
        int[] mask = new int[slots];
        for (int slot = 0; slot < slots; slot++) {
            ids[slot] = slot < kept ? pieces[slot] : slot == kept ? END : PADDING;
            mask[slot] = slot <= kept ? 1 : 0;
        }
        return new Tokens(ids, mask);
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}
