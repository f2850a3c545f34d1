// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Headers of images that hold nothing more. */
final class TooLarge {

    private TooLarge() {}

    static byte[] of(String kind, int width, int height) {
        ByteBuffer file = ByteBuffer.allocate(4096);
        switch (kind) {
            case "png" ->
                file.putLong(0x89504e470d0a1a0aL)
                        .putInt(13)
                        .put(text("IHDR"))
                        .putInt(width)
                        .putInt(height)
                        .putInt(0x08020000);
            case "jpg" ->
                file.putInt(0xffd8ffc0)
                        .putShort((short) 17)
                        .put((byte) 8)
                        .putShort((short) height)
                        .putShort((short) width)
                        .put(new byte[] {3, 1, 0x22, 0, 2, 0x11, 0, 3, 0x11, 0})
                        .putInt(0xffda000c)
                        .put(new byte[] {3, 1, 0, 2, 0, 3, 0, 0, 63, 0});
            case "bmp" ->
                file.order(ByteOrder.LITTLE_ENDIAN)
                        .put(text("BM"))
                        .putInt(4096)
                        .putInt(0)
                        .putInt(54)
                        .putInt(40)
                        .putInt(width)
                        .putInt(height)
                        .putShort((short) 1)
                        .putShort((short) 24);
            case "webp-lossy" ->
                webp(file, "VP8 ")
                        .put(new byte[] {0x10, 0, 0, (byte) 0x9d, 1, 0x2a})
                        .putShort((short) width)
                        .putShort((short) height);
            case "webp-lossless" -> webp(file, "VP8L").put((byte) 0x2f).putInt((width - 1) | (height - 1) << 14);
            default ->
                webp(file, "VP8X").putInt(0).putInt(width - 1).position(27).putInt(height - 1);
        }
        return file.array();
    }

    private static ByteBuffer webp(ByteBuffer file, String chunk) {
        return file.order(ByteOrder.LITTLE_ENDIAN)
                .put(text("RIFF"))
                .putInt(4088)
                .put(text("WEBP"))
                .put(text(chunk))
                .putInt(4076);
    }

    private static byte[] text(String letters) {
        return letters.getBytes(StandardCharsets.ISO_8859_1);
    }
}
