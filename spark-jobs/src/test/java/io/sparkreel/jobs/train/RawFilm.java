// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Films of 64x48 without compression, so that what is written is what is read: AVI with frames of BGR, bottom up. */
final class RawFilm {
    private static final int WIDTH = 64;
    private static final int HEIGHT = 48;
    private static final int FRAME_BYTES = 3 * WIDTH * HEIGHT;

    private RawFilm() {}

    /** @param frames [height, width, 3] each */
    static void write(Path file, List<byte[]> frames, int fps) throws IOException {
        int movie = 4 + frames.size() * (8 + FRAME_BYTES);
        int header = 4 + 8 + 56 + 8 + 4 + 8 + 56 + 8 + 40;
        ByteBuffer out = ByteBuffer.allocate(12 + 8 + header + 8 + movie + 8 + 16 * frames.size())
                .order(ByteOrder.LITTLE_ENDIAN);
        name(out, "RIFF").putInt(out.capacity() - 8);
        name(out, "AVI ");
        name(out, "LIST").putInt(header);
        name(out, "hdrl");
        name(out, "avih").putInt(56).putInt(1_000_000 / fps).putInt(0).putInt(0).putInt(0x10);
        out.putInt(frames.size())
                .putInt(0)
                .putInt(1)
                .putInt(FRAME_BYTES)
                .putInt(WIDTH)
                .putInt(HEIGHT);
        out.put(new byte[16]);
        name(out, "LIST").putInt(4 + 8 + 56 + 8 + 40);
        name(out, "strl");
        name(out, "strh").putInt(56);
        name(out, "vids").put(new byte[16]).putInt(1).putInt(fps).putInt(0);
        out.putInt(frames.size()).putInt(FRAME_BYTES).putInt(-1).put(new byte[12]);
        name(out, "strf").putInt(40).putInt(40).putInt(WIDTH).putInt(HEIGHT);
        out.putShort((short) 1)
                .putShort((short) 24)
                .putInt(0)
                .putInt(FRAME_BYTES)
                .put(new byte[16]);
        name(out, "LIST").putInt(movie);
        name(out, "movi");
        for (byte[] frame : frames) {
            name(out, "00db").putInt(FRAME_BYTES);
            for (int row = HEIGHT - 1; row >= 0; row--) {
                for (int column = 0; column < WIDTH; column++) {
                    int at = 3 * (row * WIDTH + column);
                    out.put(frame[at + 2]).put(frame[at + 1]).put(frame[at]);
                }
            }
        }
        name(out, "idx1").putInt(16 * frames.size());
        for (int i = 0; i < frames.size(); i++) {
            name(out, "00db").putInt(0x10).putInt(4 + i * (8 + FRAME_BYTES)).putInt(FRAME_BYTES);
        }
        Files.write(file, out.array());
    }

    private static ByteBuffer name(ByteBuffer out, String name) {
        return out.put(name.getBytes(StandardCharsets.US_ASCII));
    }
}
