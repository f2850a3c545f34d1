// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.autoencoder;

import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.KeyedRandom;
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
 */
public final class WaveletCodec implements LatentCodec {

    private static final int COLOURS = 3;
    private static final int MAX_LEVELS = 6;
    private static final List<String> PLANES = List.of("Y", "Cb", "Cr");
    private static final List<String> DIRECTIONS = List.of("LL", "HL", "LH", "HH");

    private static final double RED = 0.299;
    private static final double BLUE = 0.114;
    private static final double GREEN = 1 - RED - BLUE;
    private static final double BLUE_RANGE = 2 * (1 - BLUE);
    private static final double RED_RANGE = 2 * (1 - RED);

    private record Band(int plane, int direction, double scale) {}

    private final int factor;
    private final List<Band> bands;

    /**
     * A codec of 2^levels pixels a latent cell and one channel a band.
     *
     * @param levels wavelet levels, 1 to 6
     * @param bandNames bands of the coarsest level in channel order, such as "Y-LL" or "Cb-HL"
     * @param scales the positive constant each band is divided by
     * @throws InvalidInputException if an argument is outside these bounds, or a band is named twice
     */
    public WaveletCodec(int levels, List<String> bandNames, List<Double> scales) {
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
        this.bands = parse(bandNames, scales);
    }

    /** The bands and constants of the quickstart: 3 levels, six channels, luminance in full, colour as its mean. */
    public static WaveletCodec standard() {
        return new WaveletCodec(
                3,
                List.of("Y-LL", "Y-LH", "Y-HL", "Y-HH", "Cb-LL", "Cr-LL"),
                List.of(3.3, 0.75, 0.8, 0.38, 0.53, 0.43));
    }

    @Override
    public int channels() {
        return bands.size();
    }

    @Override
    public int spatialFactor() {
        return factor;
    }

    /** {@inheritDoc} Draws nothing from the noise. */
    @Override
    public float[] encode(float[] pixels, int frames, int height, int width, KeyedRandom latentNoise) {
        requireLength(pixels, frames, COLOURS, height, width);
        int rows = height / factor;
        int columns = width / factor;
        float[] latent = new float[Math.multiplyExact(channels() * frames, rows * columns)]; // [C, T, h, w]
        double[] quadrants = new double[COLOURS * 4]; // per colour: top left, top right, bottom left, bottom right
        for (int frame = 0; frame < frames; frame++) {
            int frameStart = frame * COLOURS * height * width;
            for (int row = 0; row < rows; row++) {
                for (int column = 0; column < columns; column++) {
                    for (int colour = 0; colour < COLOURS; colour++) {
                        int corner = frameStart + (colour * height + row * factor) * width + column * factor;
                        sumQuadrants(pixels, corner, width, quadrants, colour * 4);
                    }
                    toPlanes(quadrants);
                    for (int channel = 0; channel < bands.size(); channel++) {
                        int cell = ((channel * frames + frame) * rows + row) * columns + column;
                        latent[cell] = (float) analyse(quadrants, bands.get(channel));
                    }
                }
            }
        }
        return latent;
    }

    @Override
    public float[] decode(float[] latent, int frames, int latentHeight, int latentWidth) {
        requireLength(latent, channels(), frames, latentHeight, latentWidth);
        int height = latentHeight * factor;
        int width = latentWidth * factor;
        float[] pixels = new float[Math.multiplyExact(frames * COLOURS, height * width)]; // [T, 3, H, W]
        double[] quadrants = new double[COLOURS * 4];
        for (int frame = 0; frame < frames; frame++) {
            int frameStart = frame * COLOURS * height * width;
            for (int row = 0; row < latentHeight; row++) {
                for (int column = 0; column < latentWidth; column++) {
                    Arrays.fill(quadrants, 0);
                    for (int channel = 0; channel < bands.size(); channel++) {
                        int cell = ((channel * frames + frame) * latentHeight + row) * latentWidth + column;
                        synthesise(latent[cell], bands.get(channel), quadrants);
                    }
                    toColours(quadrants);
                    for (int colour = 0; colour < COLOURS; colour++) {
                        int corner = frameStart + (colour * height + row * factor) * width + column * factor;
                        fillQuadrants(pixels, corner, width, quadrants, colour * 4);
                    }
                }
            }
        }
        return pixels;
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

    private static List<Band> parse(List<String> names, List<Double> scales) {
        List<Band> bands = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < names.size(); i++) {
            String[] parts = names.get(i).split("-", -1);
            int plane = PLANES.indexOf(parts[0]);
            int direction = parts.length == 2 ? DIRECTIONS.indexOf(parts[1]) : -1;
            if (plane < 0 || direction < 0) {
                throw refused(
                        "band '" + names.get(i) + "' is unknown",
                        "Name bands as PLANE-DIRECTION with planes " + PLANES + " and directions " + DIRECTIONS);
            }
            if (!seen.add(names.get(i))) {
                throw refused("band '" + names.get(i) + "' is named twice", "Name each band once");
            }
            double scale = scales.get(i);
            if (!(scale > 0 && scale < Double.POSITIVE_INFINITY)) {
                throw refused("the scale of band '" + names.get(i) + "' is " + scale, "Give a positive number");
            }
            bands.add(new Band(plane, direction, scale));
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
