// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media.format;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/** The sample aspect ratio that the parameter sets of H.264 (ITU-T H.264, E.2.1) and HEVC (ITU-T H.265, E.3.1) name. */
public final class SequenceHeader {

    /** Profiles whose parameter sets name the chroma format (H.264, 7.3.2.1.1). */
    private static final Set<Integer> HIGH = Set.of(100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135);

    /** Table E-1 of both standards, from index 1 on. */
    private static final int[][] ASPECTS = {
        {1, 1}, {12, 11}, {10, 11}, {16, 11}, {40, 33}, {24, 11}, {20, 11}, {32, 11}, {80, 33}, {18, 11}, {15, 11},
        {64, 33}, {160, 99}, {4, 3}, {3, 2}, {2, 1}
    };

    private static final int EXTENDED = 255;
    private static final int H264_SEQUENCE = 7;
    private static final int HEVC_SEQUENCE = 33;

    /** General profile and its flags in a profile_tier_level structure, without the level. */
    private static final int PROFILE_BITS = 88;

    private SequenceHeader() {}

    /**
     * Numerator and denominator of the ratio in H.264.
     *
     * @param header what the container keeps beside the packets: avcC or NAL units with start codes
     * @return empty where there is no parameter set, or it names none
     */
    public static Optional<int[]> h264Aspect(byte[] header) {
        return first(NalUnits.ofAvcHeader(header), nal -> (nal[0] & 31) == H264_SEQUENCE)
                .flatMap(nal -> aspect(() -> h264(new BitReader(Arrays.copyOfRange(nal, 1, nal.length)))));
    }

    /**
     * Numerator and denominator of the ratio in HEVC.
     *
     * @param header what the container keeps beside the packets: hvcC or NAL units with start codes
     * @return empty where there is no parameter set, or it names none
     */
    public static Optional<int[]> hevcAspect(byte[] header) {
        return first(NalUnits.ofHevcHeader(header), nal -> (nal[0] >> 1 & 63) == HEVC_SEQUENCE)
                .flatMap(nal -> aspect(() -> hevc(new BitReader(Arrays.copyOfRange(nal, 2, nal.length)))));
    }

    private static Optional<byte[]> first(List<byte[]> units, Predicate<byte[]> wanted) {
        return units.stream().filter(unit -> unit.length > 2).filter(wanted).findFirst();
    }

    private interface Parsing {
        int[] read();
    }

    private static Optional<int[]> aspect(Parsing parsing) {
        try {
            return Optional.ofNullable(parsing.read());
        } catch (IndexOutOfBoundsException damaged) {
            return Optional.empty();
        }
    }

    private static int[] h264(BitReader bits) {
        int profile = (int) bits.bits(8);
        bits.skip(16);
        bits.unsigned();
        if (HIGH.contains(profile)) {
            int chroma = bits.unsigned();
            bits.skip(chroma == 3 ? 1 : 0);
            bits.unsigned();
            bits.unsigned();
            bits.skip(1);
            if (bits.flag()) {
                for (int list = 0; list < (chroma == 3 ? 12 : 8); list++) {
                    if (bits.flag()) {
                        skipScalingList(bits, list < 6 ? 16 : 64);
                    }
                }
            }
        }
        bits.unsigned();
        int order = bits.unsigned();
        if (order == 0) {
            bits.unsigned();
        } else if (order == 1) {
            bits.skip(1);
            bits.signed();
            bits.signed();
            for (int left = bits.unsigned(); left > 0; left--) {
                bits.signed();
            }
        }
        bits.unsigned();
        bits.skip(1);
        bits.unsigned();
        bits.unsigned();
        bits.skip(bits.flag() ? 0 : 1);
        bits.skip(1);
        skipWindow(bits);
        return usability(bits);
    }

    private static void skipScalingList(BitReader bits, int size) {
        int last = 8;
        int next = 8;
        for (int i = 0; i < size && next != 0; i++) {
            next = last + bits.signed() & 255;
            last = next == 0 ? last : next;
        }
    }

    private static void skipWindow(BitReader bits) {
        if (bits.flag()) {
            for (int side = 0; side < 4; side++) {
                bits.unsigned();
            }
        }
    }

    private static int[] usability(BitReader bits) {
        boolean usability = bits.flag();
        boolean aspect = usability && bits.flag();
        if (!aspect) {
            return null;
        }
        int index = (int) bits.bits(8);
        if (index == EXTENDED) {
            return new int[] {(int) bits.bits(16), (int) bits.bits(16)};
        }
        return index < 1 || index > ASPECTS.length ? null : ASPECTS[index - 1].clone();
    }

    private static int[] hevc(BitReader bits) {
        bits.skip(4);
        int layers = (int) bits.bits(3);
        bits.skip(1);
        skipProfiles(bits, layers);
        bits.unsigned();
        bits.skip(bits.unsigned() == 3 ? 1 : 0);
        bits.unsigned();
        bits.unsigned();
        skipWindow(bits);
        bits.unsigned();
        bits.unsigned();
        int orderBits = bits.unsigned() + 4;
        for (int layer = bits.flag() ? 0 : layers; layer <= layers; layer++) {
            bits.unsigned();
            bits.unsigned();
            bits.unsigned();
        }
        for (int i = 0; i < 6; i++) {
            bits.unsigned();
        }
        boolean lists = bits.flag();
        boolean ownLists = lists && bits.flag();
        if (ownLists) {
            skipHevcScalingLists(bits);
        }
        bits.skip(2);
        if (bits.flag()) {
            bits.skip(8);
            bits.unsigned();
            bits.unsigned();
            bits.skip(1);
        }
        skipReferenceSets(bits);
        if (bits.flag()) {
            for (int left = bits.unsigned(); left > 0; left--) {
                bits.skip(orderBits + 1);
            }
        }
        bits.skip(2);
        return usability(bits);
    }

    private static void skipProfiles(BitReader bits, int layers) {
        bits.skip(PROFILE_BITS + 8);
        boolean[] profile = new boolean[layers];
        boolean[] level = new boolean[layers];
        for (int layer = 0; layer < layers; layer++) {
            profile[layer] = bits.flag();
            level[layer] = bits.flag();
        }
        bits.skip(layers > 0 ? 2 * (8 - layers) : 0);
        for (int layer = 0; layer < layers; layer++) {
            bits.skip((profile[layer] ? PROFILE_BITS : 0) + (level[layer] ? 8 : 0));
        }
    }

    private static void skipHevcScalingLists(BitReader bits) {
        for (int size = 0; size < 4; size++) {
            for (int matrix = 0; matrix < 6; matrix += size == 3 ? 3 : 1) {
                if (!bits.flag()) {
                    bits.unsigned();
                    continue;
                }
                int count = Math.min(64, 1 << (4 + 2 * size)) + (size > 1 ? 1 : 0);
                for (int i = 0; i < count; i++) {
                    bits.signed();
                }
            }
        }
    }

    /** Short-term reference picture sets (H.265, 7.3.7). */
    private static void skipReferenceSets(BitReader bits) {
        int sets = bits.unsigned();
        int before = 0;
        for (int set = 0; set < sets; set++) {
            int pictures = 0;
            if (set > 0 && bits.flag()) {
                bits.skip(1);
                bits.unsigned();
                for (int i = 0; i <= before; i++) {
                    boolean used = bits.flag();
                    boolean kept = used || bits.flag();
                    pictures += kept ? 1 : 0;
                }
            } else {
                pictures = bits.unsigned() + bits.unsigned();
                for (int i = 0; i < pictures; i++) {
                    bits.unsigned();
                    bits.skip(1);
                }
            }
            before = pictures;
        }
    }
}
