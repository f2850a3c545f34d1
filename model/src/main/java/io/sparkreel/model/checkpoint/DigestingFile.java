// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint;

import io.sparkreel.model.Digests;
import io.sparkreel.model.checkpoint.safetensors.RangedFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;

/**
 * A file that is digested while it is read. Each byte is read once if the ranges come in the order of the file; what lies
 * between two ranges is read for the digest alone, and a range that lies before one that was read is read again.
 */
final class DigestingFile implements RangedFile {

    private static final int BUFFER_BYTES = 1 << 20;

    private final RangedFile file;
    private final MessageDigest digest = Digests.sha256();
    private long digested;

    DigestingFile(RangedFile file) {
        this.file = file;
    }

    @Override
    public long size() throws IOException {
        return file.size();
    }

    @Override
    public synchronized void read(long position, ByteBuffer target) throws IOException {
        digestUpTo(position);
        ByteBuffer bytes = target.duplicate();
        file.read(position, target);
        long end = position + bytes.remaining();
        if (end > digested) {
            digest.update(bytes.position(bytes.position() + (int) (digested - position)));
            digested = end;
        }
    }

    private void digestUpTo(long position) throws IOException {
        while (digested < position) {
            ByteBuffer gap = ByteBuffer.allocate((int) Math.min(BUFFER_BYTES, position - digested));
            file.read(digested, gap);
            digested += gap.flip().remaining();
            digest.update(gap);
        }
    }

    /** Reads the rest and returns the SHA-256 of the whole file in hexadecimal. */
    synchronized String finish() throws IOException {
        digestUpTo(file.size());
        return Digests.hex(digest);
    }

    /** Does nothing: the file belongs to the one who opened it. */
    @Override
    public void close() {}
}
