// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint;

import io.sparkreel.model.Digests;
import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.checkpoint.safetensors.RangedFile;
import io.sparkreel.model.checkpoint.safetensors.SafetensorsReader;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Predicate;

/**
 * A committed checkpoint. Opening one checks its manifest and the sizes of its files. The content of a file is checked
 * against the manifest where it is read: {@link #verify} streams files that others will read in ranges, {@link #read}
 * and {@link #readVerified} digest what they read themselves.
 */
public final class CheckpointReader {

    private static final int BUFFER_BYTES = 1 << 20;

    private final Storage storage;
    private final String folder;
    private final String manifestDigest;
    private final Map<String, CheckpointFile> files = new LinkedHashMap<>();

    private CheckpointReader(Storage storage, String folder, byte[] manifest) throws Manifest.UnusableException {
        this.storage = storage;
        this.folder = folder;
        this.manifestDigest = Digests.sha256(manifest);
        Manifest.decode(manifest).files().forEach(file -> files.put(file.path(), file));
    }

    /**
     * What a search found.
     *
     * @param checkpoint the newest intact checkpoint
     * @param warnings one line for each newer folder that was passed over, and why
     */
    public record Found(CheckpointReader checkpoint, List<String> warnings) {}

    /**
     * Opens a checkpoint and checks its manifest and the sizes of its files.
     *
     * @param folder path of its folder in the storage, empty for the storage itself
     * @throws InvalidInputException if the folder is not a committed checkpoint, or a file is missing or of another size
     * @throws IOException if reading fails
     */
    public static CheckpointReader open(Storage storage, String folder) throws IOException {
        try {
            if (!storage.exists(Manifest.path(folder))) {
                throw damaged(storage, folder, "it has no " + Manifest.NAME);
            }
            CheckpointReader checkpoint = new CheckpointReader(storage, folder, readManifest(storage, folder));
            checkpoint.checkSizes();
            return checkpoint;
        } catch (Manifest.UnusableException e) {
            throw damaged(storage, folder, "its " + Manifest.NAME + " cannot be used, " + e.getMessage());
        }
    }

    /**
     * Opens a checkpoint that another process has opened, and perhaps verified.
     *
     * @param manifestDigest {@link #manifestDigest} there
     * @throws InvalidInputException as {@link #open(Storage, String)}, or if the folder holds another checkpoint by now
     */
    public static CheckpointReader open(Storage storage, String folder, String manifestDigest) throws IOException {
        CheckpointReader checkpoint = open(storage, folder);
        if (!checkpoint.manifestDigest.equals(manifestDigest)) {
            throw damaged(storage, folder, "it was replaced after the driver had opened it");
        }
        return checkpoint;
    }

    /**
     * Finds the newest intact checkpoint of a run folder: of its folders named {@code epoch{e}-global_step{g}} the one
     * with the largest global step that opens, and whose needed files verify. Nothing is found only if no such folder
     * was ever finished.
     *
     * @param needed paths of the files to {@link #verify}
     * @throws InvalidInputException if there are finished folders but none is intact
     */
    public static Optional<Found> newest(Storage runFolder, Predicate<String> needed) throws IOException {
        List<String> warnings = new ArrayList<>();
        boolean finished = false;
        for (CheckpointFolder candidate : CheckpointFolder.newestFirst(runFolder)) {
            finished |= candidate.isCommitted(runFolder);
            Optional<CheckpointReader> intact = intact(runFolder, candidate, needed, warnings);
            if (intact.isPresent()) {
                return Optional.of(new Found(intact.get(), List.copyOf(warnings)));
            }
        }
        if (finished) {
            throw new InvalidInputException("Cannot find a valid checkpoint in " + runFolder + ": all "
                    + warnings.size() + " are damaged or unfinished, the newest thus: " + warnings.get(0));
        }
        return Optional.empty();
    }

    /** The newest intact checkpoint after a global step; see {@link #newest}. No older one is read. */
    public static Optional<CheckpointReader> newestAfter(Storage runFolder, long globalStep, Predicate<String> needed)
            throws IOException {
        for (CheckpointFolder candidate : CheckpointFolder.newestFirst(runFolder)) {
            if (candidate.globalStep() > globalStep) {
                Optional<CheckpointReader> intact = intact(runFolder, candidate, needed, new ArrayList<>());
                if (intact.isPresent()) {
                    return intact;
                }
            }
        }
        return Optional.empty();
    }

    private static Optional<CheckpointReader> intact(
            Storage runFolder, CheckpointFolder candidate, Predicate<String> needed, List<String> warnings)
            throws IOException {
        try {
            CheckpointReader checkpoint = open(runFolder, candidate.name());
            checkpoint.verify(needed);
            return Optional.of(checkpoint);
        } catch (InvalidInputException e) {
            warnings.add(e.getMessage());
            return Optional.empty();
        }
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
     * Opens what a person may name: a checkpoint's own folder, or a run folder, of which the newest intact checkpoint
     * is meant.
     *
     * @param needed paths of the files to {@link #verify}
     * @throws InvalidInputException if the folder is neither, or the named checkpoint is damaged
     */
    public static Found resolve(Storage storage, Predicate<String> needed) throws IOException {
        if (storage.exists(Manifest.NAME)) {
            CheckpointReader checkpoint = open(storage, "");
            checkpoint.verify(needed);
            return new Found(checkpoint, List.of());
        }
        return newest(storage, needed)
                .orElseThrow(() -> new InvalidInputException("Cannot read a checkpoint from " + storage
                        + ": it holds neither a " + Manifest.NAME
                        + " nor finished folders named epoch...-global_step.... "
                        + "Give the folder of a run or of one of its checkpoints."));
    }

    /** The folder's path in its storage. */
    public String folder() {
        return folder;
    }

    /** SHA-256 of the manifest, which names the content of all files. */
    public String manifestDigest() {
        return manifestDigest;
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
     * Streams files once and compares their content with the manifest.
     *
     * @param needed paths of the files
     * @throws InvalidInputException if one is damaged or cannot be read
     */
    public void verify(Predicate<String> needed) throws IOException {
        for (CheckpointFile file : files.values()) {
            if (needed.test(file.path())) {
                try (InputStream in = storage.open(pathOf(file))) {
                    MessageDigest digest = Digests.sha256();
                    byte[] buffer = new byte[BUFFER_BYTES];
                    for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                        digest.update(buffer, 0, count);
                    }
                    requireDigest(file, Digests.hex(digest));
                } catch (
                        IOException
                                e) { // it is there: a disk that cannot read it, or a file system that checks as well
                    throw unreadable(file, e);
                }
            }
        }
    }

    /**
     * Reads a small file whole, and verifies it.
     *
     * @throws InvalidInputException if the checkpoint has no such file, or the file is damaged or cannot be read
     */
    public byte[] read(String path) throws IOException {
        CheckpointFile file = file(path);
        byte[] content;
        try (InputStream in = storage.open(pathOf(file))) {
            content = in.readAllBytes();
        } catch (IOException e) {
            throw unreadable(file, e);
        }
        requireDigest(file, Digests.sha256(content));
        return content;
    }

    /**
     * Opens a file of tensors whose ranges are read, without verifying it.
     *
     * @throws InvalidInputException if the checkpoint has no such file, or it is not a safetensors file
     */
    public SafetensorsReader tensors(String path) throws IOException {
        CheckpointFile file = file(path);
        return SafetensorsReader.open(this + "/" + path, storage.openRanged(pathOf(file)));
    }

    /** Takes what it wants of a file of tensors. */
    public interface TensorsConsumer {
        void accept(SafetensorsReader tensors) throws IOException;
    }

    /**
     * Reads tensors of a file and verifies the whole file meanwhile. Each byte is read once if {@code consumer} reads in
     * the order of the file. What was read counts only if this returns.
     *
     * @throws InvalidInputException if the checkpoint has no such file, or it is damaged
     */
    public void readVerified(String path, TensorsConsumer consumer) throws IOException {
        CheckpointFile file = file(path);
        try (RangedFile stored = storage.openRanged(pathOf(file))) {
            DigestingFile digesting = new DigestingFile(stored);
            try (SafetensorsReader tensors = SafetensorsReader.open(this + "/" + path, digesting)) {
                consumer.accept(tensors);
            } catch (InvalidInputException unfit) {
                requireDigest(file, digesting.finish()); // damage explains it
                throw unfit;
            }
            requireDigest(file, digesting.finish());
        }
    }

    /** The checkpoint as a person would name it. */
    @Override
    public String toString() {
        return describe(storage, folder);
    }

    private String pathOf(CheckpointFile file) {
        return Manifest.path(folder, file.path());
    }

    private CheckpointFile file(String path) {
        CheckpointFile file = files.get(path);
        if (file == null) {
            throw new InvalidInputException("Cannot read " + path + " of the checkpoint " + this
                    + ": its manifest does not list it. Take a checkpoint of the same kind of run.");
        }
        return file;
    }

    private static byte[] readManifest(Storage storage, String folder) throws IOException, Manifest.UnusableException {
        if (storage.size(Manifest.path(folder)) > Manifest.MAX_BYTES) {
            throw new Manifest.UnusableException("it is too long");
        }
        try (InputStream in = storage.open(Manifest.path(folder))) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new Manifest.UnusableException("it cannot be read (" + e.getMessage() + ")");
        }
    }

    private void checkSizes() throws IOException {
        for (CheckpointFile file : files.values()) {
            if (!storage.exists(pathOf(file))) {
                throw damaged("its file " + file.path() + " is missing");
            }
            long bytes = storage.size(pathOf(file));
            if (bytes != file.bytes()) {
                throw damaged("its file " + file.path() + " has " + bytes + " bytes, not " + file.bytes());
            }
        }
    }

    private void requireDigest(CheckpointFile file, String found) {
        if (!found.equals(file.sha256())) {
            throw damaged("the content of its file " + file.path() + " does not match its checksum");
        }
    }

    private InvalidInputException unreadable(CheckpointFile file, IOException e) {
        return damaged("its file " + file.path() + " cannot be read (" + e.getMessage() + ")");
    }

    private InvalidInputException damaged(String found) {
        return damaged(storage, folder, found);
    }

    private static InvalidInputException damaged(Storage storage, String folder, String found) {
        return new InvalidInputException("Cannot read the checkpoint " + describe(storage, folder) + ": " + found
                + ". Take another checkpoint of the run.");
    }

    private static String describe(Storage storage, String folder) {
        return folder.isEmpty() ? storage.toString() : storage + "/" + folder;
    }
}
