// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.bucket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Hashes and draws against values of Spark 4.1.2 (catalyst's XXH64) and NumPy 2.4.6. */
class HashesTest {

    @ParameterizedTest
    @CsvSource({
        "'', -7444071767201028348",
        "a, -8582455328737087284",
        "abcd, -6810745876291105281",
        "480p-16, -8689887851715648348",
        "abcdefgh, 2470326616177429180",
        "clips/dog-doorway.mp4, -7619195090389140763",
        "Nobody inspects the spammish repetition, 4924730331003623605",
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456, -5297570266627066903",
        "h\u00e9llo/\u4e16\u754c.mp4, -1167250740127618027"
    })
    void bytesHashAsInSpark(String text, long expected) {
        assertEquals(expected, XxHash64.hash(text.getBytes(StandardCharsets.UTF_8), 42));
    }

    @ParameterizedTest
    @CsvSource({
        "0, -5252525462095825812",
        "1, -7001672635703045582",
        "-1, 3858142552250413010",
        "42, -6876166290308861218",
        "-9223372036854775808, -8619748838626508300",
        "1234567890123, 1687537368341330389"
    })
    void longsHashAsInSpark(long value, long expected) {
        assertEquals(expected, XxHash64.hash(value, 42));
    }

    @ParameterizedTest
    @CsvSource({
        "42, 0, 1, 480p-16, 0.5030471268198167",
        "42, 0, 1, 144p-1, 0.6005888312510229",
        "42, 1, 1, 480p-16, 0.8913298338349165",
        "42, 1, 1, 144p-1, 0.7140162852680306",
        "7, 3, -5530264837109923, 480p-16, 0.5251394510179709",
        "7, 3, -5530264837109923, 144p-1, 0.8544163525473029"
    })
    void keyedDrawsAreThoseOfSpark(long seed, long epoch, long clipId, String tag, double expected) {
        assertEquals(expected, KeepDraw.draw(seed, epoch, clipId, tag));
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0.6369616873214543",
        "1, 0.5118216247002567",
        "42, 0.7739560485559633",
        "123456789, 0.02771273928251694",
        "4294967296, 0.8897387912781343",
        "1099511640121, 0.19012355322595598",
        "9223372036854775807, 0.1754661243027813"
    })
    void numpyDrawsAreThoseOfNumpy(long seed, double expected) {
        assertEquals(expected, NumpyDraw.first(seed));
    }

    @Test
    void numpyTakesNoNegativeSeed() {
        assertThrows(IllegalArgumentException.class, () -> NumpyDraw.first(-1));
    }

    // Spark 4.1.2: xxhash64(path, bytes).
    @Test
    void clipIdsAreHashesOfPathAndLength() {
        assertEquals(-3811935377677566775L, ClipId.of("clips/dog-doorway.mp4", 68446));
        assertEquals(8822692286403441838L, ClipId.of("h\u00e9llo/\u4e16\u754c.mp4", 5));
    }

    @Test
    void clipIdsDependOnNothingElse() {
        long id = ClipId.of("h\u00e9llo/\u4e16\u754c.mp4", 5);
        assertEquals(id, ClipId.of("he\u0301llo/\u4e16\u754c.mp4", 5));
        assertEquals(id, ClipId.of("./h\u00e9llo//./\u4e16\u754c.mp4", 5));
        assertEquals(id, ClipId.of("/h\u00e9llo/\u4e16\u754c.mp4", 5));
        assertNotEquals(id, ClipId.of("h\u00e9llo/\u4e16\u754c.mp4", 6));
        assertNotEquals(ClipId.of(".a/b", 5), ClipId.of("a/b", 5));
    }

    @Test
    void aMillionDrawsAreUniformAndIndependent() {
        int count = 1_000_000;
        double[] here = new double[count];
        double[] nextEpoch = new double[count];
        double[] otherBucket = new double[count];
        for (int i = 0; i < count; i++) {
            long clip = ClipId.of("clips/%07d.mp4".formatted(i), 1000 + i);
            here[i] = KeepDraw.draw(42, 0, clip, "480p-16");
            nextEpoch[i] = KeepDraw.draw(42, 1, clip, "480p-16");
            otherBucket[i] = KeepDraw.draw(42, 0, clip, "360p-16");
        }
        for (double keep : new double[] {0.1, 0.3, 0.5, 0.9}) {
            long kept = Arrays.stream(here).filter(u -> u < keep).count();
            double deviation = Math.sqrt(count * keep * (1 - keep));
            assertEquals(count * keep, (double) kept, 4 * deviation);
        }
        assertTrue(Math.abs(correlation(here, nextEpoch)) < 0.005);
        assertTrue(Math.abs(correlation(here, otherBucket)) < 0.005);
    }

    private static double correlation(double[] left, double[] right) {
        double sum = 0;
        for (int i = 0; i < left.length; i++) {
            sum += (left[i] - 0.5) * (right[i] - 0.5);
        }
        return sum / left.length * 12; // a uniform draw has variance 1/12
    }
}
