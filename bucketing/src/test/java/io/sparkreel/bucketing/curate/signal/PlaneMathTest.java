// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.sparkreel.bucketing.media.scale.Plane;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Loops that are written for the compiler, against the same in the plainest words. */
class PlaneMathTest {

    private static int[] noise(Random random, int samples) {
        return random.ints(samples, 0, 256).toArray();
    }

    @Test
    void hueSaturationAndValueAreThoseOfTheFormula() {
        Random random = new Random(1);
        Picture picture = new Picture(1000, 300);
        for (int i = 0; i < picture.pixels(); i++) {
            int spread = 1 + random.nextInt(256); // colours that are near each other are where it is hard
            int level = random.nextInt(257 - spread);
            picture.blue()[i] = level + random.nextInt(spread);
            picture.green()[i] = level + random.nextInt(spread);
            picture.red()[i] = level + random.nextInt(spread);
        }
        Hsv hsv = new Hsv(1000, 300);
        hsv.set(picture);
        for (int i = 0; i < picture.pixels(); i++) {
            int b = picture.blue()[i];
            int g = picture.green()[i];
            int r = picture.red()[i];
            int most = Math.max(b, Math.max(g, r));
            int range = most - Math.min(b, Math.min(g, r));
            int sixths = most == r ? g - b : most == g ? b - r + 2 * range : r - g + 4 * range;
            int hueScale = range == 0 ? 0 : (int) Math.rint(30.0 * 4096 / range);
            int hue = (sixths * hueScale + 2048) >> 12;
            int saturation = most == 0 ? 0 : (range * (int) Math.rint(255.0 * 4096 / most) + 2048) >> 12;
            String colour = b + " " + g + " " + r;
            assertEquals(hue < 0 ? hue + 180 : hue, hsv.hue[i], colour);
            assertEquals(saturation, hsv.saturation[i], colour);
            assertEquals(most, hsv.value[i], colour);
        }
    }

    @Test
    void sumsAndCountsHoldForPlanesOfAnyLength() {
        Random random = new Random(2);
        for (int samples : new int[] {1, 3, 1023, 65_536, 200_003}) {
            int[] one = noise(random, samples);
            int[] other = noise(random, samples);
            long expected = 0;
            int[] counts = new int[256];
            for (int i = 0; i < samples; i++) {
                expected += Math.abs(one[i] - other[i]);
                counts[one[i]]++;
            }
            assertEquals(expected, Planes.sumOfDifferences(one, other));
            assertArrayEquals(counts, Planes.counts(one));
            assertEquals(Arrays.stream(one).asLongStream().sum(), Planes.sum(counts));
        }
        int[] dark = new int[1 << 18];
        int[] bright = new int[1 << 18];
        Arrays.fill(bright, (1 << 15) - 1);
        assertEquals((1L << 18) * ((1 << 15) - 1), Planes.sumOfDifferences(dark, bright));
    }

    @Test
    void sharpnessIsTheVarianceOfTheLaplacian() {
        Random random = new Random(3);
        for (int[] size : new int[][] {{1, 1}, {1, 7}, {7, 1}, {2, 2}, {33, 1100}}) {
            int width = size[0];
            int height = size[1];
            int[] grey = noise(random, width * height);
            double sum = 0;
            double squares = 0;
            for (int y = 0; y < height; y++) {
                for (int x = 0; x < width; x++) {
                    double value = at(grey, width, height, x - 1, y)
                            + at(grey, width, height, x + 1, y)
                            + at(grey, width, height, x, y - 1)
                            + at(grey, width, height, x, y + 1)
                            - 4 * at(grey, width, height, x, y);
                    sum += value;
                    squares += value * value;
                }
            }
            double mean = sum / grey.length;
            assertEquals(squares / grey.length - mean * mean, Sharpness.variance(grey, width), 1e-6);
        }
    }

    /** Mirrored at the border, which is not repeated. */
    private static double at(int[] grey, int width, int height, int x, int y) {
        int column = width == 1 ? 0 : x < 0 ? 1 : x == width ? width - 2 : x;
        int row = height == 1 ? 0 : y < 0 ? 1 : y == height ? height - 2 : y;
        return grey[row * width + column];
    }

    @Test
    void likenessOfStructureIsTheMeanOverAllWindows() {
        Random random = new Random(4);
        int side = 20;
        int[] one = noise(random, side * side);
        int[] other = one.clone();
        for (int i = 0; i < other.length; i += 3) {
            other[i] = random.nextInt(256);
        }
        double sum = 0;
        for (int y = 0; y + 7 <= side; y++) {
            for (int x = 0; x + 7 <= side; x++) {
                sum += similarity(one, other, side, x, y);
            }
        }
        Similarity similarity = new Similarity(side);
        assertEquals(sum / (14 * 14), similarity.of(one, other), 1e-12);
        assertEquals(1, similarity.of(one, one), 1e-12);
        assertEquals(sum / (14 * 14), similarity.of(one, other), 1e-12);
    }

    private static double similarity(int[] one, int[] other, int side, int left, int top) {
        double[] means = new double[2];
        double[] moments = new double[3];
        for (int y = top; y < top + 7; y++) {
            for (int x = left; x < left + 7; x++) {
                means[0] += one[y * side + x] / 49.0;
                means[1] += other[y * side + x] / 49.0;
            }
        }
        for (int y = top; y < top + 7; y++) {
            for (int x = left; x < left + 7; x++) {
                double a = one[y * side + x] - means[0];
                double b = other[y * side + x] - means[1];
                moments[0] += a * a / 48;
                moments[1] += b * b / 48;
                moments[2] += a * b / 48;
            }
        }
        double c1 = 2.55 * 2.55;
        double c2 = 7.65 * 7.65;
        return (2 * means[0] * means[1] + c1)
                * (2 * moments[2] + c2)
                / ((means[0] * means[0] + means[1] * means[1] + c1) * (moments[0] + moments[1] + c2));
    }

    @Test
    void areasAreScaledAlikeFromIntsAndBytes() {
        Random random = new Random(5);
        for (int[] size : new int[][] {{64, 48, 32, 24}, {100, 37, 32, 32}, {33, 33, 32, 32}, {20, 300, 20, 7}}) {
            int[] plane = noise(random, size[0] * size[1]);
            byte[] bytes = new byte[plane.length];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) plane[i];
            }
            AreaScaler scaler = new AreaScaler(size[0], size[1], size[2], size[3]);
            int[] scaled = scaler.scale(plane);
            assertArrayEquals(scaled, scaler.scale(bytes));
            for (int y = 0; y < size[3]; y++) {
                for (int x = 0; x < size[2]; x++) {
                    assertEquals(mean(plane, size, x, y), scaled[y * size[2] + x], 0.51);
                }
            }
        }
    }

    /** Of what lies under a sample of the scaled plane. */
    private static double mean(int[] plane, int[] size, int column, int row) {
        double across = (double) size[0] / size[2];
        double down = (double) size[1] / size[3];
        double sum = 0;
        for (int y = 0; y < size[1]; y++) {
            for (int x = 0; x < size[0]; x++) {
                sum += plane[y * size[0] + x] * overlap(x, column * across, across) * overlap(y, row * down, down);
            }
        }
        return sum / (across * down);
    }

    private static double overlap(int sample, double from, double length) {
        return Math.max(0, Math.min(sample + 1, from + length) - Math.max(sample, from));
    }

    @Test
    void turnedPlanesAreScaledAsTheyAreShown() {
        Random random = new Random(6);
        byte[] stored = new byte[60 * 80];
        random.nextBytes(stored);
        Plane turned = new Plane(stored, 79, 80, -1, 60, 80);
        int[] packed = new int[60 * 80];
        turned.pack(packed);
        for (int[] to : new int[][] {{30, 40}, {20, 27}, {60, 80}}) {
            LinearScaler scaler = new LinearScaler(60, 80, to[0], to[1]);
            int[] ofView = new int[to[0] * to[1]];
            int[] ofCopy = new int[to[0] * to[1]];
            scaler.scale(turned, ofView);
            scaler.scale(packed, ofCopy);
            assertArrayEquals(ofCopy, ofView, to[0] + " by " + to[1]);
        }
    }
}
