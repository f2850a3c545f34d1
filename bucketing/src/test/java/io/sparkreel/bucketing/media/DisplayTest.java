// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.sparkreel.bucketing.media.PictureRules.Background;
import io.sparkreel.bucketing.media.PictureRules.ImageOrientation;
import io.sparkreel.bucketing.media.PictureRules.SampleAspect;
import io.sparkreel.bucketing.media.ProbeOptions.FrameCount;
import io.sparkreel.bucketing.media.scale.FrameTransform;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Sample aspect, orientation and alpha: what is shown, and what the reference sees. */
class DisplayTest {

    private static final PictureRules REFERENCE =
            new PictureRules(SampleAspect.IGNORE, ImageOrientation.REFERENCE, Background.IGNORED);

    private static MediaInfo probe(byte[] file, PictureRules rules) throws Exception {
        return MediaProbe.probe(MediaSource.of(file), new ProbeOptions(FrameCount.EXACT, Verify.NONE, rules));
    }

    private static int[] pixel(
            byte[] file, MediaKind kind, PictureRules rules, int height, int width, int row, int column)
            throws Exception {
        ClipReader.Target target = new ClipReader.Target(FrameTransform.RESIZE_CROP, height, width, rules);
        PixelClip clip = ClipReader.read(MediaSource.of(file), kind, new int[] {0}, target);
        int[] rgb = new int[3];
        for (int channel = 0; channel < 3; channel++) {
            rgb[channel] = Math.round((clip.values()[(channel * height + row) * width + column] + 1) / 2 * 255);
        }
        return rgb;
    }

    /** Frames of 96x64; the ratio stands in the container, in parameter sets alone, or in the pictures. */
    @ParameterizedTest
    @CsvSource({
        "anamorphic.mp4, 137, 64",
        "anamorphic-vui.mp4, 136, 64",
        "anamorphic-hevc-vui.mp4, 136, 64",
        "anamorphic.webm, 137, 64",
        "anamorphic.avi, 137, 64",
        "anamorphic.mpg, 141, 64",
        "narrow.avi, 96, 72",
        "plain.mp4, 96, 64",
    })
    void samplesAreMadeSquareAndNoSideShrinks(String name, int width, int height) throws Exception {
        byte[] file = TestMedia.bytes(name);
        MediaInfo shown = probe(file, PictureRules.SHOWN);
        assertEquals(width + "x" + height, shown.width() + "x" + shown.height());
        MediaInfo stored = probe(file, REFERENCE);
        assertEquals("96x64", stored.width() + "x" + stored.height());
    }

    @Test
    void aStretchedFrameFillsTheShapeThatItIsShownIn() throws Exception {
        byte[] wide = TestMedia.bytes("wide.mp4");
        assertEquals(192, probe(wide, PictureRules.SHOWN).width());
        // Red covers a third of the width.
        assertEquals(220, pixel(wide, MediaKind.VIDEO, PictureRules.SHOWN, 64, 192, 10, 50)[0], 14);
        assertEquals(16, pixel(wide, MediaKind.VIDEO, PictureRules.SHOWN, 64, 192, 10, 80)[0], 14);
        int[] cut = pixel(wide, MediaKind.VIDEO, PictureRules.SHOWN, 64, 64, 10, 10);
        int[] stored = pixel(wide, MediaKind.VIDEO, REFERENCE, 64, 64, 10, 10);
        assertEquals(16, cut[0], 14); // column 74 of 192
        assertEquals(220, stored[0], 14); // column 26 of 96
        // Beyond 4:1 it is a mistake.
        assertEquals(96, probe(withAspect(wide, 9, 2), PictureRules.SHOWN).width());
        assertEquals(384, probe(withAspect(wide, 4, 1), PictureRules.SHOWN).width());
    }

    /** Overwrites the pixel aspect box (ISO/IEC 14496-12, 12.1.4). */
    private static byte[] withAspect(byte[] mp4, int horizontal, int vertical) {
        byte[] changed = mp4.clone();
        for (int at = 0; at + 12 <= changed.length; at++) {
            if (changed[at] == 'p' && changed[at + 1] == 'a' && changed[at + 2] == 's' && changed[at + 3] == 'p') {
                ByteBuffer.wrap(changed).putInt(at + 4, horizontal).putInt(at + 8, vertical);
                return changed;
            }
        }
        throw new AssertionError("no pasp");
    }

    /** The picture of still.jpg, red at the top left and blue at the bottom right, stored turned in all eight ways. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void picturesAreTurnedAsTheySay(int orientation) throws Exception {
        byte[] jpeg = withExif(TestMedia.bytes("still.jpg"), orientation);
        boolean turned = orientation > 4;
        MediaInfo shown = probe(jpeg, PictureRules.SHOWN);
        assertEquals(turned ? "64x96" : "96x64", shown.width() + "x" + shown.height());
        MediaInfo stored = probe(jpeg, REFERENCE);
        assertEquals("96x64", stored.width() + "x" + stored.height());
        // Where the corner that is stored at the top left is shown: TIFF 6.0, section 8.
        boolean bottom = List.of(3, 4, 7, 8).contains(orientation);
        boolean right = List.of(2, 3, 6, 7).contains(orientation);
        int height = shown.height();
        int width = shown.width();
        int[] corner = pixel(
                jpeg,
                MediaKind.IMAGE,
                PictureRules.SHOWN,
                height,
                width,
                bottom ? height - 8 : 8,
                right ? width - 8 : 8);
        assertEquals(220, corner[0], 14);
        assertEquals(20, corner[2], 14);
        int[] asStored = pixel(jpeg, MediaKind.IMAGE, REFERENCE, 64, 96, 8, 8);
        assertEquals(220, asStored[0], 14);
    }

    /** A segment APP1 behind the start of the image. */
    private static byte[] withExif(byte[] jpeg, int orientation) {
        ByteBuffer exif = ByteBuffer.allocate(jpeg.length + 36);
        exif.putShort((short) 0xffd8).putShort((short) 0xffe1).putShort((short) 34);
        exif.put("Exif\0\0".getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
        exif.order(ByteOrder.LITTLE_ENDIAN)
                .put((byte) 'I')
                .put((byte) 'I')
                .putShort((short) 42)
                .putInt(8);
        exif.putShort((short) 1)
                .putShort((short) 274)
                .putShort((short) 3)
                .putInt(1)
                .putShort((short) orientation);
        exif.putShort((short) 0).putInt(0);
        exif.put(jpeg, 2, jpeg.length - 2);
        return exif.array();
    }

    /** A TIFF of 2x1 pixels, red then blue, is turned by the reference, too. */
    @ParameterizedTest
    @CsvSource({"APPLY, 1, 2", "REFERENCE, 1, 2", "IGNORE, 2, 1"})
    void theReferenceTurnsTiffAlone(ImageOrientation orientation, int width, int height) throws Exception {
        List<int[]> tags = List.of(
                new int[] {256, 2},
                new int[] {257, 1},
                new int[] {258, 8},
                new int[] {259, 1},
                new int[] {262, 2},
                new int[] {273, 8},
                new int[] {274, 6},
                new int[] {277, 3},
                new int[] {278, 1},
                new int[] {279, 6});
        ByteBuffer tiff = ByteBuffer.allocate(16 + 2 + 12 * tags.size() + 4).order(ByteOrder.LITTLE_ENDIAN);
        tiff.put((byte) 'I').put((byte) 'I').putShort((short) 42).putInt(16);
        tiff.put(new byte[] {(byte) 220, 20, 20, 20, 20, (byte) 220, 0, 0}).putShort((short) tags.size());
        for (int[] tag : tags) {
            tiff.putShort((short) tag[0])
                    .putShort((short) 3)
                    .putInt(1)
                    .putShort((short) tag[1])
                    .putShort((short) 0);
        }
        PictureRules rules = new PictureRules(SampleAspect.APPLY, orientation, Background.WHITE);
        MediaInfo info = probe(tiff.array(), rules);
        assertEquals(width + "x" + height, info.width() + "x" + info.height());
        assertEquals(220, pixel(tiff.array(), MediaKind.IMAGE, rules, height, width, 0, 0)[0], 2);
    }

    /** Magenta of growing opacity over the background. */
    @Test
    void transparentPixelsAreLaidOverTheBackground() throws Exception {
        List<Integer> alphas = List.of(0, 64, 128, 255);
        BufferedImage image = new BufferedImage(4, 1, BufferedImage.TYPE_INT_ARGB);
        for (int column = 0; column < 4; column++) {
            image.setRGB(column, 0, alphas.get(column) << 24 | 0xff00ff);
        }
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        ImageIO.write(image, "png", png);
        List<Integer> greens = new ArrayList<>();
        for (int column = 0; column < 4; column++) {
            greens.add(pixel(png.toByteArray(), MediaKind.IMAGE, PictureRules.SHOWN, 1, 4, 0, column)[1]);
        }
        assertEquals(List.of(255, 191, 127, 0), greens);
        PictureRules green = new PictureRules(SampleAspect.APPLY, ImageOrientation.APPLY, Background.parse("#00c000"));
        assertArrayEquals(new int[] {0, 192, 0}, pixel(png.toByteArray(), MediaKind.IMAGE, green, 1, 4, 0, 0));
        assertArrayEquals(new int[] {255, 0, 255}, pixel(png.toByteArray(), MediaKind.IMAGE, REFERENCE, 1, 4, 0, 0));
    }
}
