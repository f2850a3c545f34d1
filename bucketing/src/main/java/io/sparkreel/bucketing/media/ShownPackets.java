// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_VP8;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_VP9;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PKT_FLAG_DISCARD;

import io.sparkreel.bucketing.media.format.ShownFrames;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.javacpp.BytePointer;

/** How many frames a packet shows. */
final class ShownPackets {

    private ShownPackets() {}

    /**
     * 1 of most packets; 0 of an empty one, which repeats the picture before it, of one that an edit list hides, and of
     * one whose frames only others refer to.
     */
    static int frames(NativeInput input, AVPacket packet) {
        if (packet.size() == 0 || (packet.flags() & AV_PKT_FLAG_DISCARD) != 0) {
            return 0;
        }
        int codec = input.parameters().codec_id();
        if (codec == AV_CODEC_ID_VP8) {
            return ShownFrames.ofVp8(bytes(packet, 1));
        }
        return codec == AV_CODEC_ID_VP9 ? ShownFrames.ofVp9(bytes(packet, packet.size())) : 1;
    }

    private static byte[] bytes(AVPacket packet, int count) {
        byte[] bytes = new byte[count];
        new BytePointer(packet.data()).get(bytes);
        return bytes;
    }
}
