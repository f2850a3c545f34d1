// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.async.ByteArrayFeeder;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.sparkreel.model.InvalidInputException;
import java.io.IOException;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The file manifest.json of a checkpoint: the list that makes a folder a checkpoint. */
record Manifest(List<CheckpointFile> files) {

    static final String NAME = "manifest.json";
    static final long MAX_BYTES = 16 << 20;

    private static final int VERSION = 1;
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private record Document(int version, List<CheckpointFile> files) {}

    Manifest(Collection<CheckpointFile> files) {
        this(files.stream().sorted(Comparator.comparing(CheckpointFile::path)).toList());
    }

    Manifest {
        if (files.isEmpty()) {
            throw new InvalidInputException("Cannot commit a checkpoint: it has no file. Write its files first.");
        }
        Set<String> paths = new HashSet<>();
        for (CheckpointFile file : files) {
            if (!paths.add(file.path()) || file.path().equals(NAME)) {
                throw new InvalidInputException("Cannot commit a checkpoint: the path " + file.path()
                        + " is taken. Give every file its own path.");
            }
        }
    }

    /** The path of the manifest of a checkpoint folder. */
    static String path(String folder) {
        return path(folder, NAME);
    }

    /** The path in the storage of a file of a checkpoint folder. */
    static String path(String folder, String file) {
        return folder.isEmpty() ? file : folder + "/" + file;
    }

    byte[] encode() {
        try {
            return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(new Document(VERSION, files));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("writing to memory", e);
        }
    }

    /** Whether this is a manifest only as far as its writer came: less than one, and nothing wrong with it so far. */
    static boolean isCutOff(byte[] content) {
        try (JsonParser parser =
                JSON.getFactory().createNonBlockingByteArrayParser()) { // which bears to wait for the rest
            ((ByteArrayFeeder) parser.getNonBlockingInputFeeder()).feedInput(content, 0, content.length);
            int tokens = 0;
            while (parser.nextToken() != JsonToken.NOT_AVAILABLE) {
                tokens++;
            }
            return tokens == 0 || !parser.getParsingContext().inRoot();
        } catch (IOException e) {
            return false;
        }
    }

    /** Why a manifest cannot be used. */
    static final class UnusableException extends Exception {
        private static final long serialVersionUID = 1L;

        UnusableException(String found) {
            super(found);
        }
    }

    static Manifest decode(byte[] content) throws UnusableException {
        try {
            Document document = JSON.readValue(content, Document.class);
            if (document == null
                    || document.version() != VERSION
                    || document.files() == null
                    || document.files().contains(null)) {
                throw new UnusableException("it is not a list of files of version " + VERSION);
            }
            return new Manifest(document.files());
        } catch (IOException | InvalidInputException e) {
            throw new UnusableException("it is damaged");
        }
    }
}
