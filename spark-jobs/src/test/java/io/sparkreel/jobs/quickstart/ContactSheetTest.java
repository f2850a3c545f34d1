// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.quickstart;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.sparkreel.bucketing.media.PixelClip;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ContactSheetTest {
    @TempDir
    Path folder;

    /** Frames of one gray each, from {@code levels} in [-1, 1]. */
    private static PixelClip clip(int height, int width, float... levels) {
        float[] values = new float[levels.length * 3 * height * width];
        for (int frame = 0; frame < levels.length; frame++) {
            Arrays.fill(values, frame * 3 * height * width, (frame + 1) * 3 * height * width, levels[frame]);
        }
        return new PixelClip(values, levels.length, height, width);
    }

    @Test
    void setsFirstMiddleAndLastFramesOfPairsSideBySide() throws IOException {
        ContactSheet sheet = new ContactSheet();
        sheet.add(clip(4, 6, -1, 0, 0, 0, 1), clip(4, 6, 1, 1, 0, 0, -1));
        sheet.add(clip(2, 3, 1), clip(2, 3, 1));
        Path file = folder.resolve("sheet.png");
        sheet.write(file);
        BufferedImage picture = ImageIO.read(file.toFile());
        assertEquals(6 * (2 * 6 + 8) + 2 * 8, picture.getWidth());
        assertEquals(8 + (2 * 4 + 8) + (2 * 2 + 8), picture.getHeight());
        int[] left = {8, 28, 48, 76, 96, 116}; // a wider gap after the third
        int[] gray = {0, 128, 255, 255, 128, 0};
        for (int i = 0; i < left.length; i++) {
            assertEquals(gray[i], picture.getRGB(left[i], 8) & 0xff, 1, "tile " + i);
            assertEquals(gray[i], picture.getRGB(left[i] + 11, 15) & 0xff, 1, "tile " + i);
        }
        assertEquals(0xff000000, picture.getRGB(70, 12), "the gap");
        assertEquals(0xffffffff, picture.getRGB(8, 24), "the second row");
    }
}
