// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_H264;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_HEVC;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_MPEG1VIDEO;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_MPEG2VIDEO;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_VVC;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PKT_FLAG_KEY;

import io.sparkreel.bucketing.media.format.NalUnits;
import java.io.IOException;
import java.util.List;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.javacpp.BytePointer;

/**
 * Whether a stream begins with a picture from which on all can be decoded. A cut or a recording may begin between two
 * keyframes, or with a keyframe that others follow which are shown before it and refer to what was cut off: a decoder
 * gives no frame for them, and only decoding tells for how many.
 */
final class StreamStart {

    private static final int H264_IDR = 5;
    private static final int H264_LAST_SLICE = 5;
    private static final int HEVC_IDR_WITH_LEADING = 19;
    private static final int HEVC_IDR = 20;
    private static final int HEVC_FIRST_REFRESH = 16;
    private static final int HEVC_LAST_REFRESH = 23;
    private static final int HEVC_LAST_SLICE = 31;
    private static final int MPEG_GROUP = 0xb8;

    /** Enough of a packet to find its first slice behind parameter sets and messages. */
    private static final int LOOKED_AT = 16 * 1024;

    /** Pictures that lead a keyframe follow it at once; no codec reorders over more than 16. */
    private static final int SETTLED = 32;

    private static final int LONGEST = 2000;

    private StreamStart() {}

    /** Whether the first packet is a picture before which nothing that follows is shown. */
    static boolean isClean(NativeInput input, AVPacket first) {
        int codec = input.parameters().codec_id();
        boolean inUnits = codec == AV_CODEC_ID_H264 || codec == AV_CODEC_ID_HEVC;
        byte[] head = head(first);
        int lengthBytes = inUnits ? NalUnits.lengthBytes(input.extradata(), codec == AV_CODEC_ID_HEVC) : 0;
        if (NalUnits.beginsBroken(head, lengthBytes, first.size())) {
            return true; // damage is no late beginning, and is found by decoding, where that is asked for
        }
        if ((first.flags() & AV_PKT_FLAG_KEY) == 0) {
            return false;
        }
        if (inUnits) {
            return isFullRefresh(codec, NalUnits.ofPacket(head, lengthBytes));
        }
        if (codec == AV_CODEC_ID_MPEG1VIDEO || codec == AV_CODEC_ID_MPEG2VIDEO) {
            return isClosedGroup(head);
        }
        return codec != AV_CODEC_ID_VVC;
    }

    /** Whether the first slice is of a picture that resets the decoder: nothing after it is shown before it. */
    private static boolean isFullRefresh(int codec, List<byte[]> units) {
        if (codec == AV_CODEC_ID_H264) {
            for (byte[] unit : units) {
                int type = unit.length == 0 ? 0 : unit[0] & 31;
                if (type > 0 && type <= H264_LAST_SLICE) {
                    return type == H264_IDR;
                }
            }
            return false;
        }
        for (byte[] unit : units) {
            int type = unit.length == 0 ? HEVC_LAST_SLICE + 1 : unit[0] >> 1 & 63;
            if (type <= HEVC_LAST_SLICE) {
                return type == HEVC_IDR || type == HEVC_IDR_WITH_LEADING;
            }
        }
        return false;
    }

    /**
     * Whether all that is shown after a keyframe can be decoded from it on. Some files call every sample a keyframe, and
     * others a picture at which a refresh by and by begins; decoders then show what they have.
     */
    static boolean isRefresh(NativeInput input, AVPacket keyframe) {
        int codec = input.parameters().codec_id();
        if (codec != AV_CODEC_ID_H264 && codec != AV_CODEC_ID_HEVC) {
            return true;
        }
        boolean hevc = codec == AV_CODEC_ID_HEVC;
        byte[] head = head(keyframe);
        for (byte[] unit : NalUnits.ofPacket(head, NalUnits.lengthBytes(input.extradata(), hevc))) {
            int first = unit.length == 0 ? 0 : unit[0];
            int type = hevc ? first >> 1 & 63 : first & 31;
            if (hevc && unit.length > 0 && type <= HEVC_LAST_SLICE) {
                return type >= HEVC_FIRST_REFRESH && type <= HEVC_LAST_REFRESH;
            }
            if (!hevc && type > 0 && type <= H264_LAST_SLICE) {
                return type == H264_IDR || NalUnits.isIntra(unit);
            }
        }
        return false;
    }

    /** By a flag of the header of a group of pictures (ISO/IEC 13818-2, 6.2.2.6). */
    private static boolean isClosedGroup(byte[] packet) {
        for (int at = 0; at + 8 <= packet.length; at++) {
            if (packet[at] == 0
                    && packet[at + 1] == 0
                    && packet[at + 2] == 1
                    && (packet[at + 3] & 0xff) == MPEG_GROUP) {
                return (packet[at + 7] & 0x40) != 0;
            }
        }
        return false;
    }

    private static byte[] head(AVPacket packet) {
        byte[] head = new byte[Math.min(LOOKED_AT, packet.size())];
        new BytePointer(packet.data()).get(head);
        return head;
    }

    /**
     * Decodes the beginning of a stream that is not clean.
     *
     * @return how many of its frames are not shown, because they cannot be decoded
     * @throws MediaException when there is no decoder, or it gives not one frame of the whole stream
     */
    static int lostFrames(MediaSource source) throws MediaException, IOException {
        try (NativeInput input = NativeInput.open(source);
                FrameDecoder decoder = FrameDecoder.open(input)) {
            try {
                while (decoder.next() != null) {
                    if (decoder.sentSinceKeyframe() >= SETTLED || decoder.sent() >= LONGEST) {
                        decoder.stopReading();
                    }
                }
            } catch (MediaException damage) {
                return 0; // what is damaged is found by decoding all
            }
            if (decoder.decoded() == 0) {
                throw new MediaException(MediaProblem.NO_FRAMES, "not one frame can be decoded");
            }
            return Math.max(0, decoder.sent() - decoder.decoded());
        }
    }
}
