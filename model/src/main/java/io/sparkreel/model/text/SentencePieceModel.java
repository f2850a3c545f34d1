// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.text;

import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.protobuf.ProtobufReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A SentencePiece unigram model (Kudo 2018), as its {@code .model} file has it: a protocol buffer of the message
 * ModelProto of https://github.com/google/sentencepiece, of which the fields needed to tokenize are read.
 *
 * @param charsMap the compiled normalisation rules, empty for none
 * @param addPrefix whether a space goes before the text
 * @param removeExtraSpaces whether spaces at the ends are removed, and runs of them joined
 */
record SentencePieceModel(List<Piece> pieces, byte[] charsMap, boolean addPrefix, boolean removeExtraSpaces) {

    /** What a piece is for; the order is that of the file's numbers, from 1. */
    enum Kind {
        NORMAL,
        UNKNOWN,
        CONTROL,
        USER_DEFINED,
        UNUSED,
        BYTE
    }

    /** One entry of the vocabulary; its place in the list is its number. */
    record Piece(String text, float score, Kind kind) {}

    private static final int UNIGRAM = 1;

    /** @throws InvalidInputException if the bytes are not a model, or one of another kind; the message names no file */
    static SentencePieceModel parse(byte[] bytes) {
        try {
            return parse(new ProtobufReader(bytes));
        } catch (ProtobufReader.MalformedException e) {
            throw refused(e.getMessage());
        }
    }

    private static SentencePieceModel parse(ProtobufReader file) throws ProtobufReader.MalformedException {
        List<Piece> pieces = new ArrayList<>();
        byte[] charsMap = new byte[0];
        boolean addPrefix = true;
        boolean removeExtraSpaces = true;
        boolean escapeSpaces = true;
        while (file.next()) {
            if (file.isMessage(1)) {
                pieces.add(piece(new ProtobufReader(file.bytes())));
            } else if (file.isMessage(2)) {
                requireUnigram(new ProtobufReader(file.bytes()));
            } else if (file.isMessage(3)) {
                ProtobufReader normaliser = new ProtobufReader(file.bytes());
                while (normaliser.next()) {
                    if (normaliser.isMessage(2)) {
                        charsMap = normaliser.bytes();
                    } else if (normaliser.isNumber(3)) {
                        addPrefix = normaliser.number() != 0;
                    } else if (normaliser.isNumber(4)) {
                        removeExtraSpaces = normaliser.number() != 0;
                    } else if (normaliser.isNumber(5)) {
                        escapeSpaces = normaliser.number() != 0;
                    }
                }
            }
        }
        if (!escapeSpaces
                || pieces.stream().filter(piece -> piece.kind() == Kind.UNKNOWN).count() != 1
                || pieces.stream().anyMatch(piece -> piece.kind() == Kind.UNUSED)) {
            throw refused("it does not escape spaces, has unused pieces or not one unknown piece");
        }
        return new SentencePieceModel(List.copyOf(pieces), charsMap, addPrefix, removeExtraSpaces);
    }

    private static Piece piece(ProtobufReader reader) throws ProtobufReader.MalformedException {
        String text = "";
        float score = 0;
        Kind kind = Kind.NORMAL;
        while (reader.next()) {
            if (reader.isMessage(1)) {
                text = new String(reader.bytes(), StandardCharsets.UTF_8);
            } else if (reader.isFloat(2)) {
                score = Float.intBitsToFloat((int) reader.number());
            } else if (reader.isNumber(3)) {
                long number = reader.number();
                if (number < 1 || number > Kind.values().length) {
                    throw refused("piece '" + text + "' is of the unknown kind " + number);
                }
                kind = Kind.values()[(int) number - 1];
            }
        }
        return new Piece(text, score, kind);
    }

    private static void requireUnigram(ProtobufReader trainer) throws ProtobufReader.MalformedException {
        while (trainer.next()) {
            if (trainer.isNumber(3) && trainer.number() != UNIGRAM) {
                throw refused("its type is number " + trainer.number() + " and not unigram");
            }
        }
    }

    private static InvalidInputException refused(String found) {
        return new InvalidInputException("Cannot read a SentencePiece model: " + found
                + ". Give the spiece.model that was published with the weights.");
    }
}
