// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media.format;

/** How many frames of a packet are shown, for codecs that also code frames which only others refer to. */
public final class ShownFrames {

    private ShownFrames() {}

    /** Of a VP8 frame, by the bit of its frame tag (RFC 6386, 9.1). */
    public static int ofVp8(byte[] packet) {
        return packet.length > 0 && (packet[0] & 0x10) != 0 ? 1 : 0;
    }

    /** Of a VP9 frame or superframe (VP9 bitstream specification, 6.2 and annex B). */
    public static int ofVp9(byte[] packet) {
        int last = packet.length == 0 ? 0 : packet[packet.length - 1] & 0xff;
        int frames = (last & 7) + 1;
        int sizeBytes = (last >> 3 & 3) + 1;
        int index = packet.length - 2 - frames * sizeBytes;
        if ((last & 0xe0) != 0xc0 || index < 0 || (packet[index] & 0xff) != last) {
            return isShownVp9(packet, 0) ? 1 : 0;
        }
        int shown = 0;
        int at = 0;
        for (int frame = 0; frame < frames && at < index; frame++) {
            int size = 0;
            for (int i = 0; i < sizeBytes; i++) {
                size |= (packet[index + 1 + frame * sizeBytes + i] & 0xff) << (8 * i);
            }
            if (size > 0 && isShownVp9(packet, at)) {
                shown++;
            }
            at += Math.max(0, size);
        }
        return shown;
    }

    /** Frame marker, two bits of the profile, one reserved in profile 3, show_existing_frame, type, show_frame. */
    private static boolean isShownVp9(byte[] packet, int at) {
        if (at >= packet.length) {
            return false;
        }
        int header = packet[at] & 0xff;
        int shift = (header & 0x30) == 0x30 ? 1 : 0;
        return (header & 0x08 >> shift) != 0 || (header & 0x02 >> shift) != 0;
    }
}
