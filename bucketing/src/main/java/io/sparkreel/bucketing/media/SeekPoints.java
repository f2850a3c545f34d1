// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_PROP_INTRA_ONLY;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_descriptor_get;
import static org.bytedeco.ffmpeg.global.avformat.AVSEEK_FLAG_BACKWARD;
import static org.bytedeco.ffmpeg.global.avformat.av_seek_frame;
import static org.bytedeco.ffmpeg.global.avutil.AV_NOPTS_VALUE;

import io.sparkreel.bucketing.media.PacketQueue.Waiting;
import java.io.IOException;
import java.util.OptionalLong;
import java.util.Set;
import org.bytedeco.ffmpeg.avcodec.AVCodecDescriptor;

/** Keyframes in the middle of a film, at which decoding can begin. */
final class SeekPoints {

    /** Of these, and of codecs without references, a keyframe holds all that the frames shown after it need. */
    private static final Set<String> WITH_KEYFRAMES = Set.of(
            "h264",
            "hevc",
            "mpeg1video",
            "mpeg2video",
            "mpeg4",
            "h263",
            "flv1",
            "theora",
            "vp8",
            "vp9",
            "av1",
            "vc1",
            "wmv3",
            "ffv1");

    /** How often an earlier place is tried where a seek ends behind what was asked for, or at no keyframe. */
    private static final int TRIES = 8;

    private SeekPoints() {}

    /** Whether decoding can begin at what the container calls a keyframe. */
    static boolean haveKeyframes(NativeInput input) {
        if (input.isStillFormat() || input.isFormat("gif") || input.isFormat("apng")) {
            return false;
        }
        AVCodecDescriptor codec = avcodec_descriptor_get(input.parameters().codec_id());
        return codec != null
                && ((codec.props() & AV_CODEC_PROP_INTRA_ONLY) != 0
                        || WITH_KEYFRAMES.contains(codec.name().getString()));
    }

    /** Whether the container also has an index by which a keyframe is found without a search. */
    static boolean areIndexed(NativeInput input) throws IOException {
        return haveKeyframes(input) && (input.hasWholeSampleTable() || input.isFormat("matroska"));
    }

    /**
     * Goes to the last keyframe that is shown at a time or before it. Demuxers may take the time for one of decoding, which
     * is earlier, so what they find may be shown too late; then an earlier one is looked for.
     *
     * @param packets where the keyframe waits afterwards
     * @param stamp in units of the stream's time base
     * @return when the keyframe is shown; empty where none is found
     */
    static OptionalLong seek(NativeInput input, PacketQueue packets, long stamp) throws IOException {
        long asked = stamp;
        for (int i = 0; i < TRIES; i++) {
            int status = av_seek_frame(input.context(), input.stream().index(), asked, AVSEEK_FLAG_BACKWARD);
            input.rethrowFailure();
            packets.restart();
            Waiting found = status < 0 ? null : packets.readAhead();
            if (found == null || found.packet().pts() == AV_NOPTS_VALUE) {
                return OptionalLong.empty();
            }
            long shown = found.packet().pts();
            if (shown <= stamp
                    && found.isKeyframe()
                    && found.shown() > 0
                    && StreamStart.isRefresh(input, found.packet())) {
                return OptionalLong.of(shown);
            }
            long decoded = found.packet().dts() == AV_NOPTS_VALUE
                    ? shown
                    : found.packet().dts();
            asked = Math.min(asked, Math.min(shown, decoded)) - 1;
        }
        return OptionalLong.empty();
    }
}
