// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint;

import io.sparkreel.model.InvalidInputException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A committed checkpoint. Opening one reads every byte of it and compares sizes and checksums with its manifest, so
 * that a reader has all of a checkpoint or none.
 */
public final class CheckpointReader {

    private static final int BUFFER_BYTES = 1 << 20;

    private final Storage storage;
    private final String folder;
    private final Map<String, CheckpointFile> files = new LinkedHashMap<>();

    private CheckpointReader(Storage storage, String folder, Manifest manifest) {
        this.storage = storage;
        this.folder = folder;
        manifest.files().forEach(file -> files.put(file.path(), file));
    }

    /**
     * What a search found.
     *
     * @param checkpoint the newest valid checkpoint
     * @param warnings one line for each newer folder that had to be passed over
     */
    public record Found(CheckpointReader checkpoint, List<String> warnings) {}

    /**
     * Opens a checkpoint and verifies all its files.
     *
     * @param folder path of its folder in the storage, empty for the storage itself
     * @throws InvalidInputException if the folder is not a committed, undamaged checkpoint
     * @throws IOException if reading fails
     */
    public static CheckpointReader open(Storage storage, String folder) throws IOException {
        Optional<String> problem = Optional.empty();
        Manifest manifest = null;
        if (!storage.exists(Manifest.path(folder))) {
            problem = Optional.of("it has no " + Manifest.NAME);
        } else {
            try {
                manifest = readManifest(storage, folder);
                problem = firstProblem(storage, folder, manifest);
            } catch (Manifest.UnusableException e) {
                problem = Optional.of("its " + Manifest.NAME + " cannot be used, " + e.getMessage());
            }
        }
        if (problem.isPresent()) {
            throw new InvalidInputException("Cannot read the checkpoint " + describe(storage, folder) + ": "
                    + problem.get() + ". Take another checkpoint of the run.");
        }
        return new CheckpointReader(storage, folder, manifest);
    }

    /**
     * Finds the newest valid checkpoint of a run folder: of its folders named {@code epoch{e}-global_step{g}} the one
     * with the largest global step that verifies. Nothing is found only if no such folder was ever finished.
     *
     * @throws InvalidInputException if there are finished folders but none is valid
     */
    public static Optional<Found> newest(Storage runFolder) throws IOException {
        List<String> warnings = new ArrayList<>();
        boolean finished = false;
        for (CheckpointFolder candidate : CheckpointFolder.newestFirst(runFolder)) {
            finished |= candidate.isCommitted(runFolder);
            try {
                return Optional.of(new Found(open(runFolder, candidate.name()), List.copyOf(warnings)));
            } catch (InvalidInputException e) {
                warnings.add(e.getMessage());
            }
        }
        if (finished) {
            throw new InvalidInputException("Cannot find a valid checkpoint in " + runFolder + ": all "
                    + warnings.size() + " are damaged or unfinished, the newest thus: " + warnings.get(0));
        }
        return Optional.empty();
    }

    /** The largest global step of a finished checkpoint of a run, be it damaged or not; empty if there is none. */
    public static OptionalLong lastStep(Storage runFolder) throws IOException {
        for (CheckpointFolder candidate : CheckpointFolder.newestFirst(runFolder)) {
            if (candidate.isCommitted(runFolder)) {
                return OptionalLong.of(candidate.globalStep());
            }
        }
        return OptionalLong.empty();
    }

    /**
     * Takes what a person may name: a checkpoint's own folder, or a run folder, of which the newest valid checkpoint is
     * meant.
     *
     * @throws InvalidInputException if the folder is neither
     */
    public static Found resolve(Storage storage) throws IOException {
        if (storage.exists(Manifest.NAME)) {
            return new Found(open(storage, ""), List.of());
        }
        return newest(storage)
                .orElseThrow(() -> new InvalidInputException("Cannot read a checkpoint from " + storage
                        + ": it holds neither a " + Manifest.NAME
                        + " nor finished folders named epoch...-global_step.... "
                        + "Give the folder of a run or of one of its checkpoints."));
    }

    /** The folder's path in its storage. */
    public String folder() {
        return folder;
    }

    /** Its files by path, in the order of their paths. */
    public Map<String, CheckpointFile> files() {
        return Collections.unmodifiableMap(files);
    }

    /** Whether it has a file. */
    public boolean has(String path) {
        return files.containsKey(path);
    }

    /**
     * Opens a file.
     *
     * @throws InvalidInputException if the checkpoint has no such file
     */
    public InputStream open(String path) throws IOException {
        return storage.open(Manifest.path(folder, file(path).path()));
    }

    /** Reads a small file whole. */
    public byte[] read(String path) throws IOException {
        try (InputStream in = open(path)) {
            return in.readAllBytes();
        }
    }

    /**
     * Where a file lies on the local disk; empty if the checkpoint is stored elsewhere and has to be copied first.
     *
     * @throws InvalidInputException if the checkpoint has no such file
     */
    public Optional<Path> localPath(String path) {
        return storage.localPath(Manifest.path(folder, file(path).path()));
    }

    /** The checkpoint as a person would name it. */
    @Override
    public String toString() {
        return describe(storage, folder);
    }

    private CheckpointFile file(String path) {
        CheckpointFile file = files.get(path);
        if (file == null) {
            throw new InvalidInputException("Cannot read " + path + " of the checkpoint " + this
                    + ": its manifest does not list it. Take a checkpoint of the same kind of run.");
        }
        return file;
    }

    private static Manifest readManifest(Storage storage, String folder)
            throws IOException, Manifest.UnusableException {
        if (storage.size(Manifest.path(folder)) > Manifest.MAX_BYTES) {
            throw new Manifest.UnusableException("it is too long");
        }
        byte[] content;
        try (InputStream in = storage.open(Manifest.path(folder))) {
            content = in.readAllBytes();
        } catch (IOException e) {
            throw new Manifest.UnusableException("it cannot be read (" + e.getMessage() + ")");
        }
        return Manifest.decode(content);
    }

    private static Optional<String> firstProblem(Storage storage, String folder, Manifest manifest) throws IOException {
        for (CheckpointFile file : manifest.files()) { // sizes first: they cost nothing and tell most damage
            String path = Manifest.path(folder, file.path());
            if (!storage.exists(path)) {
                return Optional.of("its file " + file.path() + " is missing");
            }
            long bytes = storage.size(path);
            if (bytes != file.bytes()) {
                return Optional.of("its file " + file.path() + " has " + bytes + " bytes, not " + file.bytes());
            }
        }
        for (CheckpointFile file : manifest.files()) {
            try {
                if (!checksum(storage, Manifest.path(folder, file.path())).equals(file.sha256())) {
                    return Optional.of("the content of its file " + file.path() + " does not match its checksum");
                }
            } catch (IOException e) { // it is there: a disk that cannot read it, or a file system that checks as well
                return Optional.of("its file " + file.path() + " cannot be read (" + e.getMessage() + ")");
            }
        }
        return Optional.empty();
    }

    private static String checksum(Storage storage, String path) throws IOException {
        MessageDigest digest = Manifest.digest();
        byte[] buffer = new byte[BUFFER_BYTES];
        try (InputStream in = storage.open(path)) {
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                digest.update(buffer, 0, count);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static String describe(Storage storage, String folder) {
        return folder.isEmpty() ? storage.toString() : storage + "/" + folder;
    }
}
