// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media.write;

import io.sparkreel.bucketing.InvalidInputException;
import io.sparkreel.bucketing.media.PixelClip;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** Pixels in [-1, 1] as bytes and PNG files. */
public final class PixelImages {

    private PixelImages() {}

    /**
     * One frame as 8-bit RGB: clamped to [-1, 1], (x + 1) / 2 * 255 + 0.5, cut to an integer.
     *
     * @return [height, width, 3]
     */
    public static byte[] toRgb24(PixelClip clip, int frame) {
        if (frame < 0 || frame >= clip.frames()) {
            throw new InvalidInputException(String.format(
                    Locale.ROOT,
                    "Cannot make an image: frame %d was asked for, the clip has %d. Count from 0.",
                    frame,
                    clip.frames()));
        }
        int plane = clip.height() * clip.width();
        int start = 3 * plane * frame;
        byte[] rgb = new byte[3 * plane];
        for (int channel = 0; channel < 3; channel++) {
            for (int pixel = 0; pixel < plane; pixel++) {
                rgb[3 * pixel + channel] = toByte(clip.values()[start + channel * plane + pixel]);
            }
        }
        return rgb;
    }

    /** One value as a grey level: clamped to [-1, 1], (x + 1) / 2 * 255 + 0.5, cut to an integer. */
    public static byte toByte(float value) {
        float clamped = Math.max(-1f, Math.min(1f, value));
        return (byte) (int) Math.min(255f, (clamped + 1f) / 2f * 255f + 0.5f);
    }

    /**
     * Writes a PNG file; a reader sees the whole file or none.
     *
     * @param rgb [height, width, 3]
     */
    public static void writePng(Path file, byte[] rgb, int width, int height) throws IOException {
        if (width < 1 || height < 1 || rgb.length != 3L * width * height) {
            throw new InvalidInputException(String.format(
                    Locale.ROOT,
                    "Cannot write %s: %d bytes are no picture of %dx%d. Pass 3 bytes a pixel.",
                    file,
                    rgb.length,
                    width,
                    height));
        }
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_3BYTE_BGR);
        byte[] bgr = ((DataBufferByte) image.getRaster().getDataBuffer()).getData();
        for (int i = 0; i < rgb.length; i += 3) {
            bgr[i] = rgb[i + 2];
            bgr[i + 1] = rgb[i + 1];
            bgr[i + 2] = rgb[i];
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
            ImageIO.write(image, "png", out);
        }
        Path temporary = TemporaryName.beside(file);
        try {
            Files.write(temporary, bytes.toByteArray());
            Files.move(temporary, file, StandardCopyOption.REPLACE_EXISTING); // the commit
        } finally {
            Files.deleteIfExists(temporary);
        }
    }
}
