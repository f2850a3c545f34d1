// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.ring;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * AES-256-GCM for one direction of one connection. The key comes by HKDF (RFC 5869) from the attempt's secret and the
 * handshake's nonces, so that no two connections share one; message n has the nonce n. A message that is changed, left
 * out, repeated or moved does not open.
 */
final class FrameCipher {

    static final int TAG_BYTES = 16;

    private static final int KEY_BYTES = 32;
    private static final int NONCE_BYTES = 12;
    private static final String MAC = "HmacSHA256";

    private final SecretKeySpec key;
    private final Cipher cipher;
    private final ByteBuffer nonce = ByteBuffer.allocate(NONCE_BYTES);
    private long messages;

    private FrameCipher(byte[] secret, byte[] salt, String direction) {
        byte[] bytes =
                hkdf(salt, secret, ("sparkreel ring " + direction).getBytes(StandardCharsets.US_ASCII), KEY_BYTES);
        try {
            this.key = new SecretKeySpec(bytes, "AES");
            this.cipher = Cipher.getInstance("AES/GCM/NoPadding");
        } catch (GeneralSecurityException unavailable) {
            throw new IllegalStateException(
                    "Cannot encrypt: this Java has no AES-GCM. Use a complete JDK.", unavailable);
        }
    }

    /** What the one that opened the connection says. */
    static FrameCipher ofCaller(byte[] secret, byte[] hello, byte[] listenerNonce) {
        return new FrameCipher(secret, concat(hello, listenerNonce), "caller");
    }

    /** What the one that accepted the connection says. */
    static FrameCipher ofListener(byte[] secret, byte[] hello, byte[] listenerNonce) {
        return new FrameCipher(secret, concat(hello, listenerNonce), "listener");
    }

    /** Encrypts all of {@code plain}, and appends it and its tag to {@code into}. */
    void seal(ByteBuffer plain, ByteBuffer into) {
        try {
            begin(Cipher.ENCRYPT_MODE);
            cipher.doFinal(plain, into);
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /**
     * Decrypts all of {@code sealed} and appends it to {@code into}.
     *
     * @param what for the message
     * @throws FrameException unless it is the message that was sealed next with the same key
     */
    void open(ByteBuffer sealed, ByteBuffer into, Object what) throws FrameException {
        try {
            begin(Cipher.DECRYPT_MODE);
            cipher.doFinal(sealed, into);
        } catch (AEADBadTagException damaged) {
            throw new FrameException(
                    "sent data of " + what + " that cannot be decrypted: it arrived damaged, or belongs to"
                            + " another operation (every rank must call the same operations in the same order)");
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private void begin(int mode) throws GeneralSecurityException {
        nonce.putLong(Integer.BYTES, messages++);
        cipher.init(mode, key, new GCMParameterSpec(TAG_BYTES * Byte.SIZE, nonce.array()));
    }

    static byte[] hkdf(byte[] salt, byte[] secret, byte[] info, int length) {
        byte[] key = hmac(salt, secret);
        byte[] output = new byte[0];
        byte[] block = new byte[0];
        for (byte number = 1; output.length < length; number++) {
            block = hmac(key, concat(concat(block, info), new byte[] {number}));
            output = concat(output, block);
        }
        return Arrays.copyOf(output, length);
    }

    private static byte[] hmac(byte[] key, byte[] message) {
        try {
            Mac mac = Mac.getInstance(MAC);
            mac.init(new SecretKeySpec(key, MAC));
            return mac.doFinal(message);
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static byte[] concat(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }
}
