// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_H264;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_NONE;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_VP8;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_VP9;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PICTURE_STRUCTURE_BOTTOM_FIELD;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PICTURE_STRUCTURE_TOP_FIELD;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PKT_FLAG_DISCARD;
import static org.bytedeco.ffmpeg.global.avcodec.av_parser_close;
import static org.bytedeco.ffmpeg.global.avcodec.av_parser_init;
import static org.bytedeco.ffmpeg.global.avcodec.av_parser_parse2;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_alloc_context3;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_free_context;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_parameters_to_context;
import static org.bytedeco.ffmpeg.global.avutil.AV_NOPTS_VALUE;

import io.sparkreel.bucketing.media.format.ShownFrames;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVCodecParserContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;

/** How many frames the packets of a stream show. To be asked of each packet, in order. */
final class ShownPackets implements AutoCloseable {

    /** Each packet is a whole picture; avcodec.h writes it as a macro. */
    private static final int PARSER_FLAG_COMPLETE_FRAMES = 1;

    private final int codecId;
    private final AVCodecContext codec;
    private final AVCodecParserContext parser;
    private int openField;

    ShownPackets(NativeInput input) {
        // Without data there is a sample table, in which each sample is a frame.
        codecId = input.isWithoutData() ? AV_CODEC_ID_NONE : input.parameters().codec_id();
        if (codecId != AV_CODEC_ID_H264) {
            codec = null;
            parser = null;
            return;
        }
        codec = avcodec_alloc_context3(null);
        avcodec_parameters_to_context(codec, input.parameters());
        parser = av_parser_init(codecId);
        parser.flags(parser.flags() | PARSER_FLAG_COMPLETE_FRAMES);
    }

    /**
     * 1 of most packets; 0 of an empty one, which repeats the picture before it, of one that an edit list hides, of one
     * whose frames only others refer to, and of the second field of a frame whose first one was a packet of its own.
     */
    int frames(AVPacket packet) {
        if (packet.size() == 0 || (packet.flags() & AV_PKT_FLAG_DISCARD) != 0) {
            return 0;
        }
        return switch (codecId) {
            case AV_CODEC_ID_VP8 -> ShownFrames.ofVp8(bytes(packet, 1));
            case AV_CODEC_ID_VP9 -> ShownFrames.ofVp9(bytes(packet, packet.size()));
            case AV_CODEC_ID_H264 -> isSecondField(packet) ? 0 : 1;
            default -> 1;
        };
    }

    /** What comes next does not follow what was asked of last. */
    void restart() {
        openField = 0;
    }

    /** Fields of one frame are of opposite parity and follow each other. A packet of both fields begins like one. */
    private boolean isSecondField(AVPacket packet) {
        int structure = structure(packet);
        boolean field = structure == AV_PICTURE_STRUCTURE_TOP_FIELD || structure == AV_PICTURE_STRUCTURE_BOTTOM_FIELD;
        boolean second = field && openField != 0 && openField != structure;
        openField = field && !second ? structure : 0;
        return second;
    }

    private int structure(AVPacket packet) {
        try (BytePointer out = new BytePointer((BytePointer) null);
                IntPointer outSize = new IntPointer(1)) {
            av_parser_parse2(
                    parser,
                    codec,
                    out,
                    outSize,
                    packet.data(),
                    packet.size(),
                    AV_NOPTS_VALUE,
                    AV_NOPTS_VALUE,
                    packet.pos());
        }
        return parser.picture_structure();
    }

    private static byte[] bytes(AVPacket packet, int count) {
        byte[] bytes = new byte[count];
        new BytePointer(packet.data()).get(bytes);
        return bytes;
    }

    @Override
    public void close() {
        if (parser != null) {
            av_parser_close(parser);
            avcodec_free_context(codec);
        }
    }
}
