// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media.format;

import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Digests as stock tools print them: in lower-case hexadecimal. */
public final class ContentDigest {

    private static final int BUFFER = 1 << 20;

    private ContentDigest() {}

    /** The SHA-256 of all bytes, by which copies of a file are found. */
    public static String of(SeekableBytes bytes) throws IOException {
        MessageDigest digest = begin("SHA-256");
        byte[] buffer = new byte[BUFFER];
        long position = 0;
        for (int read = bytes.read(0, buffer, 0, BUFFER); read >= 0; read = bytes.read(position, buffer, 0, BUFFER)) {
            digest.update(buffer, 0, read);
            position += read;
        }
        return hex(digest);
    }

    /** A digest without content; every JDK has SHA-256 and MD5. */
    public static MessageDigest begin(String algorithm) {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has " + algorithm, e);
        }
    }

    /** Ends a digest. */
    public static String hex(MessageDigest digest) {
        return HexFormat.of().formatHex(digest.digest());
    }
}
