// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.report;

import io.sparkreel.bucketing.media.ClipReader;
import io.sparkreel.bucketing.media.MediaException;
import io.sparkreel.bucketing.media.MediaKind;
import io.sparkreel.bucketing.media.MediaSource;
import io.sparkreel.bucketing.media.PictureRules;
import io.sparkreel.bucketing.media.PixelClip;
import io.sparkreel.bucketing.media.range.Excerpt;
import io.sparkreel.bucketing.media.scale.FrameTransform;
import io.sparkreel.bucketing.media.write.PixelImages;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** A small picture of a clip, cut as its bucket cuts it. */
public final class Thumbnail {

    private static final int LONG_SIDE = 160;

    private Thumbnail() {}

    /**
     * The first frame.
     *
     * @param part what of the file the clip is
     * @param height of the bucket
     * @param width of the bucket
     * @param pictures how what is stored is shown
     * @return a JPEG whose longer side has 160 pixels
     * @throws MediaException when the clip cannot be decoded
     * @throws IOException when the storage fails
     */
    public static byte[] jpeg(
            MediaSource source, MediaKind kind, Excerpt part, int height, int width, PictureRules pictures)
            throws MediaException, IOException {
        double scale = (double) LONG_SIDE / Math.max(height, width);
        int rows = (int) Math.max(1, Math.round(height * scale));
        int columns = (int) Math.max(1, Math.round(width * scale));
        PixelClip clip = ClipReader.read(
                source,
                kind,
                part,
                new int[] {0},
                new ClipReader.Target(FrameTransform.RESIZE_CROP, rows, columns, pictures));
        byte[] rgb = PixelImages.toRgb24(clip, 0);
        BufferedImage image = new BufferedImage(columns, rows, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < rows * columns; i++) {
            int red = rgb[3 * i] & 0xff;
            int green = rgb[3 * i + 1] & 0xff;
            int blue = rgb[3 * i + 2] & 0xff;
            image.setRGB(i % columns, i / columns, red << 16 | green << 8 | blue);
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
            ImageIO.write(image, "jpeg", out);
        }
        return bytes.toByteArray();
    }
}
