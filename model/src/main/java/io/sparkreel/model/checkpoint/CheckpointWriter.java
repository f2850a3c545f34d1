// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint;

import io.sparkreel.model.Digests;
import java.io.BufferedOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * Writes files into a checkpoint's folder and keeps their sizes and checksums. Each rank has its own writer; when all
 * have finished, one process gathers what they wrote and commits the folder by its manifest. Until then no reader takes
 * the folder for a checkpoint.
 *
 * <p>Order of calls: every rank {@link #create}s files, then one process {@link #commit}s. Nothing has to be atomic in
 * the storage: what an interrupted attempt left in the folder either is replaced, or is not in the manifest, or does not
 * match it. Not safe for use by several threads.
 */
public final class CheckpointWriter {

    private static final int BUFFER_BYTES = 1 << 20;

    private final Storage storage;
    private final String folder;
    private final List<CheckpointFile> written = new ArrayList<>();

    /**
     * A writer into one checkpoint folder.
     *
     * @param folder path of the checkpoint's folder in the storage
     */
    public CheckpointWriter(Storage storage, String folder) {
        this.storage = storage;
        this.folder = folder;
    }

    /** The name of a checkpoint's folder inside its run folder. */
    public static String folderName(int epoch, long globalStep) {
        return CheckpointFolder.name(epoch, globalStep);
    }

    /**
     * Creates a file in the folder. It counts as written when its stream is closed without error.
     *
     * @param path relative to the folder
     */
    public OutputStream create(String path) throws IOException {
        OutputStream file = storage.create(Manifest.path(folder, path));
        return new BufferedOutputStream(new Recording(file, path), BUFFER_BYTES);
    }

    /** The files this writer has finished, in the order in which they were closed. */
    public List<CheckpointFile> written() {
        return List.copyOf(written);
    }

    /**
     * Makes the folder a checkpoint of exactly these files.
     *
     * @throws io.sparkreel.model.InvalidInputException if there is no file or a path is given twice
     */
    public static void commit(Storage storage, String folder, Collection<CheckpointFile> files) throws IOException {
        byte[] manifest = new Manifest(files).encode();
        try (OutputStream out = storage.create(Manifest.path(folder))) {
            out.write(manifest); // the commit: a manifest that is cut off anywhere is not valid
        }
    }

    /** Counts and digests what passes through. */
    private final class Recording extends FilterOutputStream {
        private final String path;
        private final MessageDigest digest = Digests.sha256();
        private long bytes;
        private boolean failed;
        private boolean closed;

        Recording(OutputStream file, String path) {
            super(file);
            this.path = path;
        }

        @Override
        public void write(int value) throws IOException {
            write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public void write(byte[] source, int offset, int length) throws IOException {
            failed = true; // until the bytes are known to have gone through
            out.write(source, offset, length);
            failed = false;
            digest.update(source, offset, length);
            bytes += length;
        }

        @Override
        public void close() throws IOException {
            if (!closed) {
                closed = true;
                super.close();
                if (!failed) {
                    written.add(new CheckpointFile(path, bytes, Digests.hex(digest)));
                }
            }
        }
    }
}
