// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_APNG;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_BMP;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_DNXHD;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_DVVIDEO;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_FFV1;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_FFVHUFF;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_GIF;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_HUFFYUV;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_MJPEG;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_PNG;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_PRORES;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_TIFF;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_UTVIDEO;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_WEBP;
import static org.bytedeco.ffmpeg.global.avcodec.AV_EF_EXPLODE;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PKT_FLAG_KEY;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_alloc;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_free;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_unref;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_alloc_context3;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_find_decoder;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_flush_buffers;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_free_context;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_get_name;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_open2;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_parameters_to_context;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_receive_frame;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_send_packet;
import static org.bytedeco.ffmpeg.global.avformat.AVSEEK_FLAG_BACKWARD;
import static org.bytedeco.ffmpeg.global.avformat.av_seek_frame;
import static org.bytedeco.ffmpeg.global.avutil.AVERROR_EOF;
import static org.bytedeco.ffmpeg.global.avutil.AV_NOPTS_VALUE;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_alloc;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_free;

import java.io.IOException;
import java.util.Locale;
import java.util.Set;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVFrame;

/** Decodes the frames of an input in display order, on the calling thread. */
final class FrameDecoder implements AutoCloseable {

    private static final int TRY_AGAIN = -11;

    /** Decoders that fill up what is damaged and report it in no other way than by giving up, when asked to. */
    private static final Set<Integer> STRICT = Set.of(
            AV_CODEC_ID_MJPEG,
            AV_CODEC_ID_PNG,
            AV_CODEC_ID_APNG,
            AV_CODEC_ID_WEBP,
            AV_CODEC_ID_BMP,
            AV_CODEC_ID_GIF,
            AV_CODEC_ID_PRORES,
            AV_CODEC_ID_DNXHD,
            AV_CODEC_ID_FFV1,
            AV_CODEC_ID_HUFFYUV,
            AV_CODEC_ID_FFVHUFF,
            AV_CODEC_ID_UTVIDEO,
            AV_CODEC_ID_DVVIDEO);

    /** Decoders that leave out what is damaged, and only their log tells. */
    private static final Set<Integer> TELLS_BY_LOG = Set.of(AV_CODEC_ID_GIF, AV_CODEC_ID_TIFF);

    private final NativeInput input;
    private final AVCodecContext codec;
    private final AVPacket packet;
    private final AVFrame frame;
    private final PacketQueue packets;
    private int decoded;
    private int sent;
    private int sentSinceKeyframe;
    private boolean keyframeSent;
    private boolean flushing;
    private boolean damaged;
    private boolean damagedSinceKeyframe;
    private boolean errorTold;

    private FrameDecoder(NativeInput input, AVCodecContext codec, boolean hiddenFrames) {
        this.input = input;
        this.codec = codec;
        this.packets = new PacketQueue(input, hiddenFrames);
        this.packet = av_packet_alloc();
        this.frame = av_frame_alloc();
    }

    /** For the frames that a player shows. */
    static FrameDecoder open(NativeInput input) throws MediaException, IOException {
        return open(input, false);
    }

    /** @param hiddenFrames whether frames that an edit list hides are decoded like others */
    static FrameDecoder open(NativeInput input, boolean hiddenFrames) throws MediaException, IOException {
        // Without a look at the first packets a decoder may not know how far frames are reordered.
        if (!input.isStillFormat()) {
            input.analyse();
        }
        int codecId = input.parameters().codec_id();
        AVCodec decoder = requireDecoder(codecId);
        AVCodecContext codec = avcodec_alloc_context3(decoder);
        avcodec_parameters_to_context(codec, input.parameters());
        codec.thread_count(1);
        codec.max_pixels(NativeInput.MAX_PIXELS);
        if (STRICT.contains(codecId)) {
            codec.err_recognition(codec.err_recognition() | AV_EF_EXPLODE);
        }
        codec.pkt_timebase(input.stream().time_base());
        if (avcodec_open2(codec, decoder, (AVDictionary) null) < 0) {
            avcodec_free_context(codec);
            throw unsupported(codecId);
        }
        return new FrameDecoder(input, codec, hiddenFrames);
    }

    /** The decoder of a codec. */
    static AVCodec requireDecoder(int codecId) throws MediaException {
        AVCodec decoder = avcodec_find_decoder(codecId);
        if (decoder == null || decoder.isNull()) {
            throw unsupported(codecId);
        }
        return decoder;
    }

    private static MediaException unsupported(int codecId) {
        return new MediaException(
                MediaProblem.UNSUPPORTED_CODEC,
                "no decoder for " + avcodec_get_name(codecId).getString());
    }

    /**
     * Decodes one more frame.
     *
     * @return the frame, valid until the next call, or null after the last one
     * @throws MediaException when the pictures are damaged; what cannot be decoded before the first frame and is no
     *     keyframe is skipped, as recordings often begin between two keyframes
     */
    AVFrame next() throws MediaException, IOException {
        while (true) {
            long told = FFmpegRuntime.errorsOfThread();
            int status = avcodec_receive_frame(codec, frame);
            noteErrors(told);
            if (status >= 0) {
                decoded++;
                boolean concealed = errorTold
                        || frame.decode_error_flags() != 0
                        || (frame.flags() & AVFrame.AV_FRAME_FLAG_CORRUPT) != 0;
                errorTold = false;
                boolean keyframe = (frame.flags() & AVFrame.AV_FRAME_FLAG_KEY) != 0;
                damaged |= concealed;
                damagedSinceKeyframe = concealed || (damagedSinceKeyframe && !keyframe);
                return frame;
            }
            if (status == AVERROR_EOF) {
                return null;
            }
            if (status != TRY_AGAIN) {
                throw damage();
            }
            feed();
        }
    }

    private void feed() throws MediaException, IOException {
        if (flushing) {
            throw damage();
        }
        int shown = packets.take(packet);
        if (shown < 0) {
            stopReading();
            return;
        }
        try {
            boolean keyframe = (packet.flags() & AV_PKT_FLAG_KEY) != 0;
            sent += shown;
            keyframeSent |= keyframe;
            sentSinceKeyframe += keyframeSent ? shown : 0;
            long told = FFmpegRuntime.errorsOfThread();
            int status = avcodec_send_packet(codec, packet);
            noteErrors(told);
            if (status < 0 && (decoded > 0 || keyframe)) {
                throw damage();
            }
        } finally {
            av_packet_unref(packet);
        }
    }

    private void noteErrors(long before) {
        errorTold |= TELLS_BY_LOG.contains(codec.codec_id()) && FFmpegRuntime.errorsOfThread() > before;
    }

    private MediaException damage() {
        return new MediaException(
                MediaProblem.DECODE_ERROR, String.format(Locale.ROOT, "decoding fails after %d frames", decoded));
    }

    /** Decodes what was read so far to its end, and nothing more. */
    void stopReading() {
        if (!flushing) {
            flushing = true;
            avcodec_send_packet(codec, null);
        }
    }

    /** The packets that are yet to be decoded. */
    PacketQueue packets() {
        return packets;
    }

    /** Shown frames that the packets sent to the decoder should give. */
    int sent() {
        return sent;
    }

    /** Those among them from the first keyframe on. */
    int sentSinceKeyframe() {
        return sentSinceKeyframe;
    }

    /** Whether the frame returned last, or one before it back to a keyframe, is damaged and was concealed. */
    boolean damagedSinceKeyframe() {
        return damagedSinceKeyframe;
    }

    /** Frames returned so far. */
    int decoded() {
        return decoded;
    }

    /** Whether a decoder had to conceal damage in a frame returned so far. */
    boolean damaged() {
        return damaged;
    }

    /** Goes to the last keyframe; false where the container cannot. */
    boolean seekToLastKeyframe() throws IOException {
        AVStream stream = input.stream();
        long start = stream.start_time() == AV_NOPTS_VALUE ? 0 : stream.start_time();
        long end = stream.duration() > 0 ? start + stream.duration() : Long.MAX_VALUE;
        int status = av_seek_frame(input.context(), stream.index(), end, AVSEEK_FLAG_BACKWARD);
        input.rethrowFailure();
        avcodec_flush_buffers(codec);
        flushing = false;
        return status >= 0;
    }

    @Override
    public void close() {
        av_frame_free(frame);
        av_packet_free(packet);
        packets.close();
        avcodec_free_context(codec);
    }
}
