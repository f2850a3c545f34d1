// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.storage;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.Locale;
import java.util.NoSuchElementException;

/**
 * Text from outside: captions, tables and prompts. UTF-8, with a byte order mark or without; UTF-16 with one. What is
 * neither is told by the byte, and never replaced.
 */
public final class TextFile {
    private static final int BUFFER = 1 << 16;
    private static final int NONE = -1;
    private static final int HALF = -2;
    private static final byte BROKEN = (byte) 0xff;

    private TextFile() {}

    /**
     * A text, or why it is none.
     *
     * @param text with U+FFFD in the place of what cannot be read
     * @param problem null where all can be read
     */
    public record Decoded(String text, String problem) {}

    /** A whole file. */
    public static Decoded read(InputStream file) throws IOException {
        Input in = input(file);
        long begin = in.position();
        return in.decode(in.readAllBytes(), begin);
    }

    /** The lines of a file, one at a time; the caller closes it. */
    public static Iterator<Decoded> lines(InputStream file) throws IOException {
        Input in = input(file);
        return new Iterator<>() {
            private int ahead = in.read();

            @Override
            public boolean hasNext() {
                return ahead >= 0;
            }

            @Override
            public Decoded next() {
                if (!hasNext()) {
                    throw new NoSuchElementException();
                }
                ByteArrayOutputStream line = new ByteArrayOutputStream();
                long begin = in.position() - 1;
                try {
                    while (ahead >= 0 && ahead != '\n') {
                        line.write(ahead);
                        ahead = in.read();
                    }
                    ahead = ahead < 0 ? ahead : in.read();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
                return in.decode(line.toByteArray(), begin);
            }
        };
    }

    /** UTF-8 without its mark, as a stream that knows where it is. */
    static Input input(InputStream file) throws IOException {
        PushbackInputStream in = new PushbackInputStream(new BufferedInputStream(file, BUFFER), 3);
        byte[] head = new byte[3];
        int count = in.readNBytes(head, 0, 3);
        if (count == 3 && head[0] == (byte) 0xef && head[1] == (byte) 0xbb && head[2] == (byte) 0xbf) {
            return new Input(in, 3);
        }
        in.unread(head, 0, count);
        if (count >= 2 && (head[0] & 0xff) + (head[1] & 0xff) == 0xff + 0xfe && head[0] != head[1]) {
            in.skipNBytes(2);
            return new Input(new Utf16(in, head[0] == (byte) 0xfe), 0);
        }
        return new Input(in, 0);
    }

    /** UTF-8 bytes with the number of those that were read. */
    static final class Input extends InputStream {
        private final InputStream in;
        private long position;

        private Input(InputStream in, long position) {
            this.in = in;
            this.position = position;
        }

        /** Of the next byte in the file, from 0. */
        long position() {
            return position;
        }

        @Override
        public int read() throws IOException {
            position++;
            return in.read();
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            int count = in.read(target, offset, length);
            position += Math.max(0, count);
            return count;
        }

        /**
         * Reads UTF-8. What was read from the file must be decoded in order, and once.
         *
         * @param begin position of the first byte in the file, for the message
         */
        Decoded decode(byte[] bytes, long begin) {
            CharsetDecoder strict = StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT);
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            try {
                String text = strict.decode(buffer).toString();
                int zero = text.indexOf('\0') < 0 ? -1 : indexOf(bytes, 0);
                return new Decoded(text, zero < 0 ? null : problem(bytes, zero, begin, "is no text"));
            } catch (CharacterCodingException e) {
                return new Decoded(
                        new String(bytes, StandardCharsets.UTF_8),
                        problem(bytes, buffer.position(), begin, "is no UTF-8"));
            }
        }

        private String problem(byte[] bytes, int at, long begin, String what) {
            if (in instanceof Utf16 utf16) {
                long broken = utf16.positionOfBroken(bytes);
                return (broken < 0
                                ? "a character of code 0 is no text"
                                : "byte " + (broken + 1) + " of the file begins no UTF-16 character")
                        + ". Save the file as UTF-8";
            }
            return String.format(
                    Locale.ROOT,
                    "byte %d of the file, 0x%02x, %s. Save the file as UTF-8",
                    begin + at + 1,
                    bytes[at] & 0xff,
                    what);
        }
    }

    private static int indexOf(byte[] bytes, int value) {
        int at = 0;
        while (at < bytes.length && bytes[at] != (byte) value) {
            at++;
        }
        return at < bytes.length ? at : -1;
    }

    /** UTF-16 as UTF-8; what is no character becomes a byte that UTF-8 does not have, and its position is kept. */
    private static final class Utf16 extends InputStream {
        private final InputStream in;
        private final boolean bigEndian;
        private final Deque<Long> broken = new ArrayDeque<>();
        private byte[] encoded = {};
        private int next;
        private long position = 2;
        private int pending = NONE;

        Utf16(InputStream in, boolean bigEndian) {
            this.in = in;
            this.bigEndian = bigEndian;
        }

        /** Of the first unit without a meaning among these bytes, from 0; negative: there is none. */
        long positionOfBroken(byte[] bytes) {
            long first = -1;
            for (byte each : bytes) {
                if (each == BROKEN) {
                    long at = broken.remove();
                    first = first < 0 ? at : first;
                }
            }
            return first;
        }

        @Override
        public int read() throws IOException {
            if (next == encoded.length && !encodeNext()) {
                return -1;
            }
            return encoded[next++] & 0xff;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            int count = 0;
            for (int b; count < length && (b = read()) >= 0; count++) {
                target[offset + count] = (byte) b;
            }
            return count == 0 && length > 0 ? -1 : count;
        }

        private boolean encodeNext() throws IOException {
            long begin = position - (pending == NONE ? 0 : 2);
            int unit = pending == NONE ? unit() : pending;
            pending = NONE;
            next = 0;
            if (unit == NONE) {
                encoded = new byte[0];
                return false;
            }
            if (unit >= 0 && Character.isHighSurrogate((char) unit)) {
                int low = unit();
                if (low >= 0 && Character.isLowSurrogate((char) low)) {
                    encoded = Character.toString(Character.toCodePoint((char) unit, (char) low))
                            .getBytes(StandardCharsets.UTF_8);
                    return true;
                }
                pending = low;
            }
            if (unit == HALF || Character.isSurrogate((char) unit)) {
                broken.add(begin);
                encoded = new byte[] {BROKEN};
            } else {
                encoded = Character.toString((char) unit).getBytes(StandardCharsets.UTF_8);
            }
            return true;
        }

        /** The next 16 bits; {@link #HALF} for a last byte alone, {@link #NONE} at the end. */
        private int unit() throws IOException {
            int first = in.read();
            if (first < 0) {
                return NONE;
            }
            int second = in.read();
            position += 2;
            if (second < 0) {
                return HALF;
            }
            return bigEndian ? first << 8 | second : second << 8 | first;
        }
    }
}
