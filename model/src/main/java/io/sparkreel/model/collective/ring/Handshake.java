// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.ring;

import io.sparkreel.model.Digests;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The words of the handshake by which two ranks prove to each other that they know the attempt's secret, without
 * sending it:
 *
 * <pre>
 *   caller -> listener   hello: magic, stream, ranks, attempt, caller's nonce
 *   listener -> caller   status, listener's nonce
 *   caller -> listener   HMAC(secret, "caller" | hello | listener's nonce)
 *   listener -> caller   status, HMAC(secret, "listener" | hello | listener's nonce)
 * </pre>
 *
 * Both nonces are fresh, so nothing recorded earlier is of use, and the labels differ, so a proof cannot be sent back
 * to its maker.
 */
final class Handshake {

    static final int MAGIC = 0x53524831;
    static final int NONCE_BYTES = 32;
    static final int PROOF_BYTES = 32;
    static final int HELLO_BYTES = 28 + NONCE_BYTES;
    static final int ANSWER_BYTES = 1 + NONCE_BYTES;

    /** The stream number of the control connection. */
    static final int CONTROL = -1;

    private static final SecureRandom RANDOM = new SecureRandom();

    private Handshake() {}

    /** What a listener answers; the byte on the wire is the ordinal. */
    enum Status {
        WELCOME("welcome"),
        NO_HELLO("what it was sent is not a hello of this version"),
        OTHER_ATTEMPT("it belongs to another attempt"),
        OTHER_PLACE("it does not expect this rank or stream, or has it already"),
        NO_PROOF("the proof of the secret is wrong");

        private final String text;

        Status(String text) {
            this.text = text;
        }

        String text() {
            return text;
        }

        static Status of(byte wire) {
            return wire >= 0 && wire < values().length ? values()[wire] : NO_HELLO;
        }
    }

    /**
     * @param stream number of the data stream, or {@link #CONTROL}
     * @param caller rank that connects
     * @param listener rank it wants to reach
     */
    record Hello(int stream, int caller, int listener, int worldSize, long attempt) {

        /** The bytes to send, with a fresh nonce. */
        byte[] encode() {
            return ByteBuffer.allocate(HELLO_BYTES)
                    .putInt(MAGIC)
                    .putInt(stream)
                    .putInt(caller)
                    .putInt(listener)
                    .putInt(worldSize)
                    .putLong(attempt)
                    .put(nonce())
                    .array();
        }

        /** The hello in {@code bytes}, or null if they are none. */
        static Hello decode(byte[] bytes) {
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            if (buffer.getInt() != MAGIC) {
                return null;
            }
            return new Hello(buffer.getInt(), buffer.getInt(), buffer.getInt(), buffer.getInt(), buffer.getLong());
        }
    }

    static byte[] nonce() {
        byte[] nonce = new byte[NONCE_BYTES];
        RANDOM.nextBytes(nonce);
        return nonce;
    }

    static byte[] callerProof(byte[] secret, byte[] hello, byte[] listenerNonce) {
        return proof(secret, "caller", hello, listenerNonce);
    }

    static byte[] listenerProof(byte[] secret, byte[] hello, byte[] listenerNonce) {
        return proof(secret, "listener", hello, listenerNonce);
    }

    /** Compares in constant time. */
    static boolean matches(byte[] proof, byte[] expected) {
        return MessageDigest.isEqual(proof, expected);
    }

    /** The attempt's name as frames and hellos carry it. */
    static long attemptCode(String attemptId) {
        byte[] digest = Digests.sha256().digest(attemptId.getBytes(StandardCharsets.UTF_8));
        return ByteBuffer.wrap(digest).getLong();
    }

    private static byte[] proof(byte[] secret, String role, byte[] hello, byte[] listenerNonce) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret, "HmacSHA256"));
            mac.update(role.getBytes(StandardCharsets.US_ASCII));
            mac.update(hello);
            return mac.doFinal(listenerNonce);
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
