// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.autoencoder;

import io.sparkreel.model.CodecGeometry;
import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.LatentShape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A latent codec without weights: colour transform, orthonormal Haar wavelet, and of its coarsest level the bands one
 * asks for, each divided by a constant that brings it to about unit variance. What it leaves out, decoding replaces by
 * zero; what it keeps comes back exactly.
 *
 * <p>Colour: YCbCr of ITU-R BT.601 with full-range values centred at zero, Y = 0.299 R + 0.587 G + 0.114 B,
 * Cb = (B - Y) / 1.772, Cr = (R - Y) / 1.402, so that all three stay in [-1, 1]. Wavelet: L levels of the
 * two-dimensional orthonormal Haar transform (Haar 1910; Mallat 1989), each level splitting the one before's LL band.
 * In a band's name the first letter speaks of the horizontal direction, the second of the vertical: HL holds the
 * differences between left and right, LH those between above and below.
 *
 * <p>With a temporal factor of 4 the codec is causal: the first frame is a latent frame by itself, and each four frames
 * after it are another one, by the orthonormal Haar transform of four values a, b, c, d. A band's name then may say
 * which of its results is meant: T0 is (a + b + c + d) / 2, T1 is (a + b - c - d) / 2, T2 is (a - b) / sqrt 2 and T3 is
 * (c - d) / sqrt 2, as in Y-LL-T1; no suffix means T0. The first frame counts as four equal ones: its T0 is twice its
 * value, and the others are 0. T0 is divided by 2 beside its constant, so that constants are those of pictures.
 */
public final class WaveletCodec implements LatentCodec {

    private static final int COLOURS = 3;
    private static final int MAX_LEVELS = 6;
    private static final List<String> PLANES = List.of("Y", "Cb", "Cr");
    private static final List<String> DIRECTIONS = List.of("LL", "HL", "LH", "HH");
    private static final List<String> TIMES = List.of("T0", "T1", "T2", "T3");
    private static final int GROUP = 4; // frames of a latent frame where time is compressed
    private static final int QUADRANTS = 4 * COLOURS;

    private static final double RED = 0.299;
    private static final double BLUE = 0.114;
    private static final double GREEN = 1 - RED - BLUE;
    private static final double BLUE_RANGE = 2 * (1 - BLUE);
    private static final double RED_RANGE = 2 * (1 - RED);

    private record Band(int plane, int direction, int time, double scale) {}

    private final int factor;
    private final CodecGeometry geometry;
    private final List<Band> bands;

    /**
     * A codec of 2^levels pixels a latent cell and one channel a band.
     *
     * @param levels wavelet levels, 1 to 6
     * @param temporalFactor 1 to encode every frame by itself, or 4
     * @param bandNames bands of the coarsest level in channel order, such as "Y-LL" or "Cb-HL"; with a temporal factor
     *     of 4 also such as "Y-LL-T1"
     * @param scales the positive constant each band is divided by
     * @throws InvalidInputException if an argument is outside these bounds, or a band is named twice
     */
    public WaveletCodec(int levels, int temporalFactor, List<String> bandNames, List<Double> scales) {
        if (temporalFactor != 1 && temporalFactor != GROUP) {
            throw refused("temporal_factor is " + temporalFactor, "Set it to 1 or " + GROUP);
        }
        if (levels < 1 || levels > MAX_LEVELS) {
            throw refused("levels is " + levels, "Give a number from 1 to " + MAX_LEVELS);
        }
        if (bandNames.isEmpty()) {
            throw refused("no band is kept", "Name at least one, such as Y-LL");
        }
        if (bandNames.size() != scales.size()) {
            throw refused(
                    bandNames.size() + " bands have " + scales.size() + " scales", "Give one scale for each band");
        }
        this.factor = 1 << levels;
        this.bands = parse(bandNames, scales, temporalFactor);
        geometry = temporalFactor == 1
                ? CodecGeometry.frameByFrame(bands.size(), factor)
                : CodecGeometry.causal(bands.size(), factor, temporalFactor);
    }

    /** The bands and constants of the quickstart: 3 levels, six channels, luminance in full, colour as its mean. */
    public static WaveletCodec standard() {
        return new WaveletCodec(
                3,
                1,
                List.of("Y-LL", "Y-LH", "Y-HL", "Y-HH", "Cb-LL", "Cr-LL"),
                List.of(3.3, 0.75, 0.8, 0.38, 0.53, 0.43));
    }

    @Override
    public CodecGeometry geometry() {
        return geometry;
    }

    /** {@inheritDoc} The latent follows from the pixels; nothing is sampled. */
    @Override
    public LatentDistribution distribution(float[] pixels, int frames, int height, int width) {
        requireLength(pixels, frames, COLOURS, height, width);
        LatentShape shape = geometry.latent(frames, height, width);
        float[] latent = new float[shape.elements()]; // [C, T, h, w]
        // Per frame of a group and colour: top left, top right, bottom left, bottom right.
        double[][] group = new double[GROUP][QUADRANTS];
        for (int t = 0; t < shape.frames(); t++) {
            int first = firstFrame(t);
            int count = firstFrame(t + 1) - first;
            for (int row = 0; row < shape.height(); row++) {
                for (int column = 0; column < shape.width(); column++) {
                    for (int i = 0; i < count; i++) {
                        for (int colour = 0; colour < COLOURS; colour++) {
                            int plane = ((first + i) * COLOURS + colour) * height;
                            int corner = (plane + row * factor) * width + column * factor;
                            sumQuadrants(pixels, corner, width, group[i], colour * 4);
                        }
                        toPlanes(group[i]);
                    }
                    if (count > 1) {
                        analyseTime(group);
                    } // else it is the first latent frame, and the differences of the group are still 0
                    for (int channel = 0; channel < bands.size(); channel++) {
                        Band band = bands.get(channel);
                        int cell = ((channel * shape.frames() + t) * shape.height() + row) * shape.width() + column;
                        latent[cell] = (float) analyse(group[band.time()], band);
                    }
                }
            }
        }
        return new LatentDistribution(latent, null);
    }

    /** The first of the frames that a latent frame holds. */
    private int firstFrame(int latentFrame) {
        return latentFrame == 0 ? 0 : geometry.frames(latentFrame);
    }

    @Override
    public float[] decode(float[] latent, int frames, int latentHeight, int latentWidth) {
        int latentFrames = geometry.latentFrames(frames);
        requireLength(latent, bands.size(), latentFrames, latentHeight, latentWidth);
        int height = latentHeight * factor;
        int width = latentWidth * factor;
        float[] pixels = new float[Math.multiplyExact(frames * COLOURS, height * width)]; // [F, 3, H, W]
        double[][] group = new double[GROUP][QUADRANTS];
        for (int t = 0; t < latentFrames; t++) {
            int first = firstFrame(t);
            int count = firstFrame(t + 1) - first;
            for (int row = 0; row < latentHeight; row++) {
                for (int column = 0; column < latentWidth; column++) {
                    for (double[] quadrants : group) {
                        Arrays.fill(quadrants, 0);
                    }
                    for (int channel = 0; channel < bands.size(); channel++) {
                        Band band = bands.get(channel);
                        int cell = ((channel * latentFrames + t) * latentHeight + row) * latentWidth + column;
                        synthesise(latent[cell], band, group[band.time()]);
                    }
                    if (count > 1) {
                        synthesiseTime(group);
                    }
                    for (int i = 0; i < count; i++) {
                        toColours(group[i]);
                        for (int colour = 0; colour < COLOURS; colour++) {
                            int plane = ((first + i) * COLOURS + colour) * height;
                            int corner = (plane + row * factor) * width + column * factor;
                            fillQuadrants(pixels, corner, width, group[i], colour * 4);
                        }
                    }
                }
            }
        }
        return pixels;
    }

    /** Replaces the values of four frames by T0 / 2, T1, T2 and T3. */
    private static void analyseTime(double[][] group) {
        for (int i = 0; i < QUADRANTS; i++) {
            double a = group[0][i];
            double b = group[1][i];
            double c = group[2][i];
            double d = group[3][i];
            group[0][i] = (a + b + c + d) / 4;
            group[1][i] = (a + b - c - d) / 2;
            group[2][i] = (a - b) / Math.sqrt(2);
            group[3][i] = (c - d) / Math.sqrt(2);
        }
    }

    /** The reverse of {@link #analyseTime}. */
    private static void synthesiseTime(double[][] group) {
        for (int i = 0; i < QUADRANTS; i++) {
            double firstPair = group[0][i] + group[1][i] / 2;
            double secondPair = group[0][i] - group[1][i] / 2;
            double inFirst = group[2][i] / Math.sqrt(2);
            double inSecond = group[3][i] / Math.sqrt(2);
            group[0][i] = firstPair + inFirst;
            group[1][i] = firstPair - inFirst;
            group[2][i] = secondPair + inSecond;
            group[3][i] = secondPair - inSecond;
        }
    }

    /** Nothing to release. */
    @Override
    public void close() {}

    // The coarsest bands of an L-level Haar transform depend only on the sums over the four quadrants of a cell of
    // 2^L pixels: every level below hands on its sums, scaled by 1/2, and nothing else.

    private void sumQuadrants(float[] pixels, int corner, int stride, double[] sums, int at) {
        int half = factor / 2;
        for (int quadrant = 0; quadrant < 4; quadrant++) {
            int start = corner + (quadrant / 2) * half * stride + (quadrant % 2) * half;
            double sum = 0;
            for (int y = 0; y < half; y++) {
                for (int x = 0; x < half; x++) {
                    sum += pixels[start + y * stride + x];
                }
            }
            sums[at + quadrant] = sum;
        }
    }

    private void fillQuadrants(float[] pixels, int corner, int stride, double[] values, int at) {
        int half = factor / 2;
        for (int y = 0; y < factor; y++) {
            for (int x = 0; x < factor; x++) {
                int quadrant = (y / half) * 2 + x / half;
                pixels[corner + y * stride + x] = (float) values[at + quadrant];
            }
        }
    }

    private double analyse(double[] sums, Band band) {
        double value = 0;
        for (int quadrant = 0; quadrant < 4; quadrant++) {
            value += sign(band.direction, quadrant) * sums[band.plane * 4 + quadrant];
        }
        return value / (factor * band.scale);
    }

    private void synthesise(double value, Band band, double[] quadrants) {
        for (int quadrant = 0; quadrant < 4; quadrant++) {
            quadrants[band.plane * 4 + quadrant] += sign(band.direction, quadrant) * value * band.scale / factor;
        }
    }

    /** The Haar pattern of a direction: bit 0 of its index changes sign to the right, bit 1 below. */
    private static int sign(int direction, int quadrant) {
        return (Integer.bitCount(direction & quadrant) & 1) == 0 ? 1 : -1;
    }

    private static void toPlanes(double[] quadrants) {
        for (int quadrant = 0; quadrant < 4; quadrant++) {
            double red = quadrants[quadrant];
            double green = quadrants[4 + quadrant];
            double blue = quadrants[8 + quadrant];
            double luminance = RED * red + GREEN * green + BLUE * blue;
            quadrants[quadrant] = luminance;
            quadrants[4 + quadrant] = (blue - luminance) / BLUE_RANGE;
            quadrants[8 + quadrant] = (red - luminance) / RED_RANGE;
        }
    }

    private static void toColours(double[] quadrants) {
        for (int quadrant = 0; quadrant < 4; quadrant++) {
            double luminance = quadrants[quadrant];
            double blue = luminance + BLUE_RANGE * quadrants[4 + quadrant];
            double red = luminance + RED_RANGE * quadrants[8 + quadrant];
            quadrants[quadrant] = red;
            quadrants[4 + quadrant] = (luminance - RED * red - BLUE * blue) / GREEN;
            quadrants[8 + quadrant] = blue;
        }
    }

    private static List<Band> parse(List<String> names, List<Double> scales, int temporalFactor) {
        List<Band> bands = new ArrayList<>();
        Set<Band> seen = new HashSet<>();
        for (int i = 0; i < names.size(); i++) {
            String[] parts = names.get(i).split("-", -1);
            int plane = PLANES.indexOf(parts[0]);
            int direction = parts.length > 1 ? DIRECTIONS.indexOf(parts[1]) : -1;
            int time = parts.length == 2 ? 0 : parts.length == 3 && temporalFactor > 1 ? TIMES.indexOf(parts[2]) : -1;
            if (plane < 0 || direction < 0 || time < 0) {
                throw refused(
                        "band '" + names.get(i) + "' is unknown",
                        "Name bands as PLANE-DIRECTION with planes " + PLANES + " and directions " + DIRECTIONS
                                + (temporalFactor > 1 ? ", or PLANE-DIRECTION-TIME with times " + TIMES : ""));
            }
            if (!seen.add(new Band(plane, direction, time, 0))) {
                throw refused("band '" + names.get(i) + "' is named twice", "Name each band once");
            }
            double scale = scales.get(i);
            if (!(scale > 0 && scale < Double.POSITIVE_INFINITY)) {
                throw refused("the scale of band '" + names.get(i) + "' is " + scale, "Give a positive number");
            }
            bands.add(new Band(plane, direction, time, scale));
        }
        return List.copyOf(bands);
    }

    private static void requireLength(float[] values, int a, int b, int c, int d) {
        long expected = a < 0 || b < 0 || c < 0 || d < 0 ? -1 : (long) a * b * c * d;
        if (values.length != expected) {
            throw new IllegalArgumentException(
                    "array of " + values.length + " values is not [" + a + ", " + b + ", " + c + ", " + d + "]");
        }
    }

    private static InvalidInputException refused(String found, String remedy) {
        return new InvalidInputException("Cannot set up the wavelet codec: " + found + ". " + remedy + ".");
    }
}
