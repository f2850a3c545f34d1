// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkreel.bucketing.InvalidInputException;
import io.sparkreel.bucketing.media.range.TemporalSampling;
import io.sparkreel.bucketing.media.scale.FrameScaler;
import io.sparkreel.bucketing.media.scale.FrameTransform;
import io.sparkreel.bucketing.media.scale.Size;
import io.sparkreel.bucketing.media.write.PixelImages;
import io.sparkreel.golden.Golden;
import io.sparkreel.golden.GoldenData;
import java.io.IOException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Transforms, temporal sampling and pixel output against what the reference's code produced. */
@Golden
class GoldenTransformsTest {

    /** One grey level: Pillow's and our filters may round a tie differently. */
    private static final double GREY_LEVEL = 2 / 255.0 + 1e-5;

    private static final double FLOAT_TOLERANCE = 2e-5;

    private JsonNode cases;
    private SafetensorsFile tensors;

    @BeforeEach
    void read(GoldenData golden) throws IOException {
        cases = golden.json("transforms.json");
        tensors = SafetensorsFile.read(golden.file("transforms.safetensors"));
    }

    @Test
    void videoResizeCrop() {
        assertTrue(tensors.has("video.0.in"));
        for (int i = 0; tensors.has("video." + i + ".in"); i++) {
            int[] source = tensors.shape("video." + i + ".in"); // [T, 3, h, w]
            int[] target = tensors.shape("video." + i + ".out"); // [T, 3, H, W]
            FrameScaler scaler = FrameTransform.RESIZE_CROP.videoScaler(
                    new Size(source[2], source[3]), new Size(source[2], source[3]), new Size(target[2], target[3]));
            float[] result = new float[target[0] * 3 * target[2] * target[3]];
            byte[] pixels = tensors.bytes("video." + i + ".in");
            for (int frame = 0; frame < source[0]; frame++) {
                byte[] rgb = interleaved(pixels, frame, source[2] * source[3]);
                scaler.scale(rgb, result, frame * 3 * target[2] * target[3]);
            }
            assertClose("video " + i, tensors.floats("video." + i + ".out"), result, FLOAT_TOLERANCE);
        }
    }

    @Test
    void videoCenter() {
        assertTrue(tensors.has("ucfcenter.0.out"));
        for (int i = 0; tensors.has("ucfcenter." + i + ".out"); i++) {
            check(
                    "center." + i + ".in_hwc",
                    "ucfcenter." + i + ".out",
                    MediaKind.VIDEO,
                    FrameTransform.CENTER,
                    FLOAT_TOLERANCE);
        }
    }

    @Test
    void imageResizeCrop() {
        assertTrue(tensors.has("image.0.in_hwc"));
        for (int i = 0; tensors.has("image." + i + ".in_hwc"); i++) {
            check(
                    "image." + i + ".in_hwc",
                    "image." + i + ".out",
                    MediaKind.IMAGE,
                    FrameTransform.RESIZE_CROP,
                    GREY_LEVEL);
        }
    }

    @Test
    void imageCenter() {
        assertTrue(tensors.has("center.0.in_hwc"));
        for (int i = 0; tensors.has("center." + i + ".in_hwc"); i++) {
            check(
                    "center." + i + ".in_hwc",
                    "center." + i + ".out",
                    MediaKind.IMAGE,
                    FrameTransform.CENTER,
                    GREY_LEVEL);
        }
    }

    private void check(String input, String output, MediaKind kind, FrameTransform transform, double tolerance) {
        int[] source = tensors.shape(input); // [h, w, 3]
        int[] shape = tensors.shape(output); // [..., 3, H, W]
        int height = shape[shape.length - 2];
        int width = shape[shape.length - 1];
        float[] result = new float[3 * height * width];
        Size size = new Size(source[0], source[1]);
        FrameScaler scaler = kind == MediaKind.IMAGE
                ? transform.imageScaler(size, size, new Size(height, width))
                : transform.videoScaler(size, size, new Size(height, width));
        scaler.scale(tensors.bytes(input), result, 0);
        assertClose(output, tensors.floats(output), result, tolerance);
    }

    @Test
    void temporalSampling() {
        assertTrue(!cases.get("temporal").isEmpty());
        for (JsonNode test : cases.get("temporal")) {
            int clipFrames = test.get("total_frames").asInt();
            int frames = test.get("num_frames").asInt();
            int interval = test.get("frame_interval").asInt();
            int last = test.get("range").get(1).asInt();
            // A draw from the middle of the begin's share of [0, 1).
            double u = (test.get("begin").asInt() + 0.5) / (last + 1);
            if (test.has("error")) {
                assertThrows(
                        InvalidInputException.class,
                        () -> TemporalSampling.frameIndices(clipFrames, frames, interval, u));
                continue;
            }
            int[] expected = new int[frames];
            for (int i = 0; i < frames; i++) {
                expected[i] = test.get("indices").get(i).asInt();
            }
            assertArrayEquals(
                    expected, TemporalSampling.frameIndices(clipFrames, frames, interval, u), test.toString());
        }
    }

    @Test
    void pixelOutput() {
        float[] values = tensors.floats("save.in");
        byte[] expected = tensors.bytes("save.uint8");
        for (int i = 0; i < values.length; i++) {
            assertEquals(expected[i], PixelImages.toByte(values[i]), "value " + values[i]);
        }
    }

    /** [T, 3, h, w] to [h, w, 3] of one frame. */
    private static byte[] interleaved(byte[] planar, int frame, int plane) {
        byte[] rgb = new byte[3 * plane];
        for (int channel = 0; channel < 3; channel++) {
            for (int pixel = 0; pixel < plane; pixel++) {
                rgb[3 * pixel + channel] = planar[(3 * frame + channel) * plane + pixel];
            }
        }
        return rgb;
    }

    private static void assertClose(String what, float[] expected, float[] found, double tolerance) {
        assertEquals(expected.length, found.length, what);
        double worst = 0;
        for (int i = 0; i < expected.length; i++) {
            worst = Math.max(worst, Math.abs(expected[i] - found[i]));
        }
        assertTrue(worst <= tolerance, "%s differs by %s".formatted(what, worst));
    }
}
