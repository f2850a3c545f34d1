// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.text;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.model.text.SentencePieceModel.Kind;
import io.sparkreel.model.text.SentencePieceModel.Piece;
import java.util.Base64;

/** Writes a SentencePiece model as the {@code tokenizer.json} of the Hugging Face tokenizers library. */
final class TokenizerJson {

    private static final String SPACE = "\u2581"; // SentencePiece's sign for a space

    private TokenizerJson() {}

    static String of(SentencePieceModel model) {
        ObjectNode root = new JsonMapper().createObjectNode();
        root.put("version", "1.0");
        root.putNull("truncation");
        root.putNull("padding");
        ArrayNode added = root.putArray("added_tokens");
        for (int id = 0; id < model.pieces().size(); id++) {
            Piece piece = model.pieces().get(id);
            if (piece.kind() == Kind.CONTROL || piece.kind() == Kind.UNKNOWN || piece.kind() == Kind.USER_DEFINED) {
                addToken(added, id, piece);
            }
        }
        addNormalizer(root.putObject("normalizer"), model);
        // The whole text is one word, as for SentencePiece, which lets the best path cross a space.
        root.putObject("pre_tokenizer")
                .put("type", "Metaspace")
                .put("replacement", SPACE)
                .put("prepend_scheme", model.addPrefix() ? "always" : "never")
                .put("split", false);
        root.putNull("post_processor");
        root.putNull("decoder");
        addUnigrams(root.putObject("model"), model);
        return root.toString();
    }

    private static void addToken(ArrayNode added, int id, Piece piece) {
        added.addObject()
                .put("id", id)
                .put("content", piece.text())
                .put("single_word", false)
                .put("lstrip", false)
                .put("rstrip", false)
                .put("normalized", false)
                .put("special", piece.kind() != Kind.USER_DEFINED);
    }

    private static void addNormalizer(ObjectNode target, SentencePieceModel model) {
        ArrayNode steps = target.put("type", "Sequence").putArray("normalizers");
        if (model.charsMap().length > 0) {
            steps.addObject()
                    .put("type", "Precompiled")
                    .put("precompiled_charsmap", Base64.getEncoder().encodeToString(model.charsMap()));
        }
        if (model.removeExtraSpaces()) {
            steps.addObject().put("type", "Strip").put("strip_left", true).put("strip_right", true);
            steps.addObject()
                    .put("type", "Replace")
                    .put("content", " ")
                    .putObject("pattern")
                    .put("Regex", " {2,}");
        }
    }

    private static void addUnigrams(ObjectNode target, SentencePieceModel model) {
        target.put("type", "Unigram");
        ArrayNode vocabulary = target.putArray("vocab");
        boolean bytes = false;
        for (int id = 0; id < model.pieces().size(); id++) {
            Piece piece = model.pieces().get(id);
            vocabulary.addArray().add(piece.text()).add(piece.score());
            bytes |= piece.kind() == Kind.BYTE;
            if (piece.kind() == Kind.UNKNOWN) {
                target.put("unk_id", id);
            }
        }
        target.put("byte_fallback", bytes);
    }
}
