// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.autoencoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.KeyedRandom.Purpose;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WaveletCodecTest {

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void bandsAreThoseOfTheTransformDoneLevelByLevel(int levels) {
        int height = 32;
        int width = 48;
        List<String> names = allBands();
        List<Double> scales = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            scales.add(0.5 + i);
        }
        try (WaveletCodec codec = new WaveletCodec(levels, 1, names, scales)) {
            float[] pixels = noise(3 * height * width);
            float[] latent = codec.encode(pixels, 1, height, width, null);
            int cells = (height >> levels) * (width >> levels);
            assertEquals(names.size() * cells, latent.length);
            for (int plane = 0; plane < 3; plane++) {
                double[][] bands = coarsestBands(plane(pixels, plane, height * width), height, width, levels);
                for (int direction = 0; direction < 4; direction++) {
                    int channel = plane * 4 + direction;
                    for (int cell = 0; cell < cells; cell++) {
                        assertEquals(
                                bands[direction][cell] / scales.get(channel), latent[channel * cells + cell], 2e-5);
                    }
                }
            }
        }
    }

    @Test
    void oneLevelWithAllBandsLosesNothing() {
        try (WaveletCodec codec = new WaveletCodec(1, 1, allBands(), Collections.nCopies(12, 0.7))) {
            float[] pixels = noise(5 * 3 * 10 * 14);
            float[] latent = codec.encode(pixels, 5, 10, 14, null);
            assertArrayEquals(pixels, codec.decode(latent, 5, 5, 7), 1e-5f);
        }
    }

    private static List<String> allBandsInTime() {
        List<String> names = new ArrayList<>();
        for (String time : List.of("-T0", "-T1", "-T2", "-T3")) {
            allBands().forEach(band -> names.add(band + time));
        }
        return names;
    }

    @Test
    void allBandsOfFourFramesLoseNothing() {
        try (WaveletCodec codec = new WaveletCodec(1, 4, allBandsInTime(), Collections.nCopies(48, 0.7))) {
            float[] pixels = noise(9 * 3 * 10 * 14);
            float[] latent = codec.encode(pixels, 9, 10, 14, null);
            assertEquals(48 * 3 * 5 * 7, latent.length);
            assertArrayEquals(pixels, codec.decode(latent, 9, 5, 7), 1e-5f);
        }
    }

    /** The squares of all coefficients of the frames after the first add up to those of the planes. */
    @Test
    void theTransformInTimeIsOrthonormal() {
        List<String> bands = List.of("Y-LL", "Y-LL-T1", "Y-LL-T2", "Y-LL-T3");
        try (WaveletCodec inTime = new WaveletCodec(1, 4, bands, List.of(1.0, 1.0, 1.0, 1.0));
                WaveletCodec still = new WaveletCodec(1, 1, List.of("Y-LL"), List.of(1.0))) {
            float[] pixels = noise(5 * 3 * 2 * 2);
            float[] latent = inTime.encode(pixels, 5, 2, 2, null); // [4, 2, 1, 1]
            float[] frames = still.encode(pixels, 5, 2, 2, null); // [1, 5, 1, 1]
            double expected = 0;
            double mean = 0;
            for (int frame = 1; frame < 5; frame++) {
                expected += frames[frame] * frames[frame];
                mean += frames[frame] / 4;
            }
            double found = 4 * latent[1] * latent[1]; // T0 / 2 is the mean
            for (int time = 1; time < 4; time++) {
                found += latent[time * 2 + 1] * latent[time * 2 + 1];
                assertEquals(0, latent[time * 2], "the first frame has no difference in time");
            }
            assertEquals(expected, found, 1e-5 * expected);
            assertEquals(mean, latent[1], 1e-6);
            assertEquals(frames[0], latent[0], "the first frame is encoded as a picture is");
        }
    }

    @Test
    void laterFramesChangeNoEarlierLatent() {
        try (WaveletCodec codec = new WaveletCodec(1, 4, List.of("Y-LL", "Y-LL-T1"), List.of(1.0, 1.0))) {
            float[] pixels = noise(9 * 3 * 2 * 2);
            float[] whole = codec.encode(pixels, 9, 2, 2, null); // [2, 3, 1, 1]
            float[] begin = codec.encode(Arrays.copyOf(pixels, 5 * 12), 5, 2, 2, null); // [2, 2, 1, 1]
            assertArrayEquals(new float[] {whole[0], whole[1], whole[3], whole[4]}, begin);
        }
    }

    @Test
    void whatTimeCannotBeCompressedToIsRefused() {
        InvalidInputException factor =
                assertThrows(InvalidInputException.class, () -> new WaveletCodec(1, 2, List.of("Y-LL"), List.of(1.0)));
        assertTrue(factor.getMessage().contains("temporal_factor is 2"), factor.getMessage());
        assertThrows(InvalidInputException.class, () -> new WaveletCodec(1, 1, List.of("Y-LL-T1"), List.of(1.0)));
        assertThrows(
                InvalidInputException.class,
                () -> new WaveletCodec(1, 4, List.of("Y-LL", "Y-LL-T0"), List.of(1.0, 1.0)));
        try (WaveletCodec codec = new WaveletCodec(1, 4, List.of("Y-LL"), List.of(1.0))) {
            assertThrows(InvalidInputException.class, () -> codec.encode(new float[4 * 12], 4, 2, 2, null));
        }
    }

    @Test
    void sizesAreCutToWholeCells() {
        try (WaveletCodec codec = WaveletCodec.standard()) {
            int frames = 2;
            float[] pixels = noise(frames * 3 * 23 * 37);
            float[] cut = new float[frames * 3 * 16 * 32];
            for (int image = 0; image < frames * 3; image++) {
                for (int y = 0; y < 16; y++) {
                    System.arraycopy(pixels, (image * 23 + y) * 37, cut, (image * 16 + y) * 32, 32);
                }
            }
            float[] latent = codec.encode(pixels, frames, 23, 37, null);
            assertEquals(6 * frames * 2 * 4, latent.length);
            assertArrayEquals(codec.encode(cut, frames, 16, 32, null), latent);
            assertEquals(frames * 3 * 16 * 32, codec.decode(latent, frames, 2, 4).length);
        }
    }

    @Test
    void decodingIsTheNearestPictureTheBandsCanShow() {
        try (WaveletCodec codec = WaveletCodec.standard()) {
            float[] latent = noise(6 * 3 * 4 * 5);
            float[] pixels = codec.decode(latent, 3, 4, 5);
            assertArrayEquals(latent, codec.encode(pixels, 3, 32, 40, null), 2e-5f);
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "-1,-1,-1", "0.5,0.5,0.5", "1,-1,-1", "-1,-1,1"})
    void aFlatPictureComesBack(float red, float green, float blue) {
        try (WaveletCodec codec = WaveletCodec.standard()) {
            float[] pixels = new float[3 * 64];
            float[] colour = {red, green, blue};
            for (int i = 0; i < pixels.length; i++) {
                pixels[i] = colour[i / 64];
            }
            float[] latent = codec.encode(pixels, 1, 8, 8, null);
            double luminance = 0.299 * red + 0.587 * green + 0.114 * blue;
            assertEquals(8 * luminance / 3.3, latent[0], 1e-5); // an orthonormal mean over 8 x 8 is 8 times the value
            assertEquals(0, latent[1], 1e-6);
            assertArrayEquals(pixels, codec.decode(latent, 1, 1, 1), 1e-5f);
        }
    }

    @Test
    void framesAreIndependentAndChannelsComeFirst() {
        try (WaveletCodec codec = WaveletCodec.standard()) {
            float[] clip = noise(2 * 3 * 16 * 16);
            float[] latent = codec.encode(clip, 2, 16, 16, null);
            float[] second = new float[3 * 16 * 16];
            System.arraycopy(clip, second.length, second, 0, second.length);
            float[] alone = codec.encode(second, 1, 16, 16, null);
            for (int channel = 0; channel < 6; channel++) {
                for (int cell = 0; cell < 4; cell++) {
                    assertEquals(alone[channel * 4 + cell], latent[(channel * 2 + 1) * 4 + cell]);
                }
            }
        }
    }

    @Test
    void impossibleSettingsAreRefused() {
        refused("levels is 0", 0, List.of("Y-LL"), List.of(1.0));
        refused("levels is 7", 7, List.of("Y-LL"), List.of(1.0));
        refused("no band is kept", 3, List.of(), List.of());
        refused("1 bands have 2 scales", 3, List.of("Y-LL"), List.of(1.0, 2.0));
        refused("'Y-LX' is unknown", 3, List.of("Y-LX"), List.of(1.0));
        refused("'YLL' is unknown", 3, List.of("YLL"), List.of(1.0));
        refused("'G-LL' is unknown", 3, List.of("G-LL"), List.of(1.0));
        refused("'Y-LL' is named twice", 3, List.of("Y-LL", "Y-LL"), List.of(1.0, 1.0));
        refused("is 0.0", 3, List.of("Y-LL"), List.of(0.0));
        refused("is NaN", 3, List.of("Y-LL"), List.of(Double.NaN));
        try (WaveletCodec codec = WaveletCodec.standard()) {
            assertThrows(IllegalArgumentException.class, () -> codec.encode(new float[10], 1, 8, 8, null));
        }
    }

    private static void refused(String found, int levels, List<String> bands, List<Double> scales) {
        InvalidInputException e =
                assertThrows(InvalidInputException.class, () -> new WaveletCodec(levels, 1, bands, scales));
        assertTrue(e.getMessage().startsWith("Cannot set up the wavelet codec: "), e.getMessage());
        assertTrue(e.getMessage().contains(found), e.getMessage());
    }

    private static List<String> allBands() {
        List<String> names = new ArrayList<>();
        for (String plane : List.of("Y", "Cb", "Cr")) {
            for (String direction : List.of("LL", "LH", "HL", "HH")) {
                names.add(plane + "-" + direction);
            }
        }
        return names;
    }

    private static float[] noise(int length) {
        float[] values = new float[length];
        KeyedRandom.of(5, 0, 0, Purpose.NOISE).fillNormal(values, 0, length);
        return values;
    }

    private static double[] plane(float[] pixels, int plane, int size) {
        double[] result = new double[size];
        for (int i = 0; i < size; i++) {
            double red = pixels[i];
            double green = pixels[size + i];
            double blue = pixels[2 * size + i];
            result[i] = switch (plane) { // the matrix as ITU-T T.871 prints it
                case 0 -> 0.299 * red + 0.587 * green + 0.114 * blue;
                case 1 -> -0.168735892 * red - 0.331264108 * green + 0.5 * blue;
                default -> 0.5 * red - 0.418687589 * green - 0.081312411 * blue;
            };
        }
        return result;
    }

    /** LL, LH, HL and HH after the given number of levels, each level computed from the LL band of the one before. */
    private static double[][] coarsestBands(double[] plane, int height, int width, int levels) {
        double[][] bands = {plane};
        for (int level = 0; level < levels; level++) {
            double[] source = bands[0];
            int rows = height >> (level + 1);
            int columns = width >> (level + 1);
            bands = new double[4][rows * columns];
            for (int i = 0; i < rows * columns; i++) {
                int corner = (i / columns) * 2 * columns * 2 + (i % columns) * 2;
                double a = source[corner];
                double b = source[corner + 1];
                double c = source[corner + columns * 2];
                double d = source[corner + columns * 2 + 1];
                bands[0][i] = (a + b + c + d) / 2;
                bands[1][i] = (a + b - c - d) / 2;
                bands[2][i] = (a - b + c - d) / 2;
                bands[3][i] = (a - b - c + d) / 2;
            }
        }
        return bands;
    }
}
