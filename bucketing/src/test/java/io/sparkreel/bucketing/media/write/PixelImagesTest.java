// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media.write;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.sparkreel.bucketing.InvalidInputException;
import io.sparkreel.bucketing.media.ClipReader;
import io.sparkreel.bucketing.media.MediaKind;
import io.sparkreel.bucketing.media.MediaSource;
import io.sparkreel.bucketing.media.PictureRules;
import io.sparkreel.bucketing.media.PixelClip;
import io.sparkreel.bucketing.media.scale.FrameTransform;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PixelImagesTest {

    @TempDir
    Path folder;

    @Test
    void aPngHoldsThePixels() throws Exception {
        int width = 7;
        int height = 5;
        byte[] rgb = new byte[3 * width * height];
        new Random(1).nextBytes(rgb);
        Path file = folder.resolve("picture.png");
        PixelImages.writePng(file, rgb, width, height);

        BufferedImage image = ImageIO.read(file.toFile());
        assertEquals(width, image.getWidth());
        assertEquals(height, image.getHeight());
        for (int i = 0; i < width * height; i++) {
            int pixel = image.getRGB(i % width, i / width) & 0xffffff;
            int expected = (rgb[3 * i] & 0xff) << 16 | (rgb[3 * i + 1] & 0xff) << 8 | (rgb[3 * i + 2] & 0xff);
            assertEquals(expected, pixel);
        }
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(1, files.count());
        }

        try (MediaSource source = MediaSource.of(file)) {
            PixelClip clip = ClipReader.read(
                    source,
                    MediaKind.IMAGE,
                    new int[] {0},
                    new ClipReader.Target(FrameTransform.RESIZE_CROP, height, width, PictureRules.SHOWN));
            assertArrayEquals(rgb, PixelImages.toRgb24(clip, 0));
        }
    }

    @Test
    void framesOfAClipAreToldApart() {
        PixelClip clip = new PixelClip(new float[] {-1, 0, 1, 1, -2, 2}, 2, 1, 1);
        assertArrayEquals(new byte[] {0, (byte) 128, (byte) 255}, PixelImages.toRgb24(clip, 0));
        assertArrayEquals(new byte[] {(byte) 255, 0, (byte) 255}, PixelImages.toRgb24(clip, 1));
        assertThrows(InvalidInputException.class, () -> PixelImages.toRgb24(clip, 2));
        assertThrows(
                InvalidInputException.class, () -> PixelImages.writePng(folder.resolve("x.png"), new byte[4], 1, 1));
    }
}
