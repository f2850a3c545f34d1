// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media.write;

import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_FLAG_GLOBAL_HEADER;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_alloc;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_free;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_rescale_ts;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_unref;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_alloc_context3;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_find_encoder_by_name;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_free_context;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_open2;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_parameters_from_context;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_receive_packet;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_send_frame;
import static org.bytedeco.ffmpeg.global.avformat.AVIO_FLAG_WRITE;
import static org.bytedeco.ffmpeg.global.avformat.av_interleaved_write_frame;
import static org.bytedeco.ffmpeg.global.avformat.av_write_trailer;
import static org.bytedeco.ffmpeg.global.avformat.avformat_alloc_output_context2;
import static org.bytedeco.ffmpeg.global.avformat.avformat_free_context;
import static org.bytedeco.ffmpeg.global.avformat.avformat_new_stream;
import static org.bytedeco.ffmpeg.global.avformat.avformat_write_header;
import static org.bytedeco.ffmpeg.global.avformat.avio_closep;
import static org.bytedeco.ffmpeg.global.avformat.avio_open;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_PRI_BT709;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_RANGE_MPEG;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_SPC_BT709;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_TRC_BT709;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_RGB24;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUV420P;
import static org.bytedeco.ffmpeg.global.avutil.av_dict_free;
import static org.bytedeco.ffmpeg.global.avutil.av_dict_set;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_alloc;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_free;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_get_buffer;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_make_writable;
import static org.bytedeco.ffmpeg.global.avutil.av_opt_set;
import static org.bytedeco.ffmpeg.global.swscale.SWS_ACCURATE_RND;
import static org.bytedeco.ffmpeg.global.swscale.SWS_BICUBIC;
import static org.bytedeco.ffmpeg.global.swscale.SWS_CS_ITU709;
import static org.bytedeco.ffmpeg.global.swscale.sws_freeContext;
import static org.bytedeco.ffmpeg.global.swscale.sws_getCoefficients;
import static org.bytedeco.ffmpeg.global.swscale.sws_getContext;
import static org.bytedeco.ffmpeg.global.swscale.sws_scale;
import static org.bytedeco.ffmpeg.global.swscale.sws_setColorspaceDetails;

import io.sparkreel.bucketing.InvalidInputException;
import io.sparkreel.bucketing.media.FFmpegRuntime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVIOContext;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.avutil.AVRational;
import org.bytedeco.ffmpeg.swscale.SwsContext;
import org.bytedeco.ffmpeg.swscale.SwsFilter;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;

/**
 * Writes an h264 video in an mp4 file that starts playing before it is loaded whole. The file
 * appears under its name when {@link #close} has finished it; until then, and after {@link #abort}
 * or a failed {@link #write}, there is nothing.
 */
public final class VideoWriter implements AutoCloseable {

    /** The h264 encoder of FFmpeg's LGPL build. */
    static final String ENCODER = "libopenh264";

    /** The finest quantiser the encoder takes, of 51: luma comes back within a grey level or two. */
    private static final int QUANTISER = 12;

    /** Side of a macroblock in pixels; libopenh264 takes no smaller frame. */
    private static final int BLOCK = 16;

    /** Macroblocks of a frame at the highest level of h264 that libopenh264 knows, 5.2. */
    private static final int MOST_BLOCKS = 36_864;

    /** The sizes that {@link #holds} takes, in words. */
    public static final String SIZES = "an even width and height of at least 16, and at most 9.4 million pixels";

    /** Never binds, as the quantiser is fixed, but must be named. */
    private static final long NOMINAL_BIT_RATE = 20_000_000;

    private static final int TRY_AGAIN = -11;
    private static final int ONE = 1 << 16; // brightness, contrast and saturation are 16.16

    private final Path file;
    private final Path temporary;
    private final int width;
    private final int height;
    private final AVFormatContext container;
    private AVIOContext output;
    private AVCodecContext codec;
    private AVStream stream;
    private SwsContext converter;
    private AVFrame rgb;
    private AVFrame yuv;
    private AVPacket packet;
    private long frames;
    private boolean failed;
    private boolean closed;

    private VideoWriter(Path file, int width, int height) {
        this.file = file;
        this.temporary = TemporaryName.beside(file);
        this.width = width;
        this.height = height;
        this.container = new AVFormatContext(null);
    }

    /** Whether a video can have frames of this size in pixels. */
    public static boolean holds(int width, int height) {
        long blocks = ((width + BLOCK - 1L) / BLOCK) * ((height + BLOCK - 1L) / BLOCK);
        return width >= BLOCK && height >= BLOCK && width % 2 == 0 && height % 2 == 0 && blocks <= MOST_BLOCKS;
    }

    /**
     * Begins a video.
     *
     * @param width pixels, one of {@link #SIZES}
     * @param height pixels, one of {@link #SIZES}
     * @param fps whole frames per second
     * @throws InvalidInputException when h264 cannot hold that size or rate
     * @throws IOException when the file cannot be created or the encoder is absent
     */
    public static VideoWriter mp4(Path file, int width, int height, int fps) throws IOException {
        if (!holds(width, height)) {
            throw new InvalidInputException(String.format(
                    Locale.ROOT, "Cannot write %s: frames of %dx%d were given. Use %s.", file, width, height, SIZES));
        }
        if (fps < 1) {
            throw new InvalidInputException(String.format(
                    Locale.ROOT, "Cannot write %s: %d frames per second were asked for. Use 1 or more.", file, fps));
        }
        FFmpegRuntime.ensureLoaded();
        VideoWriter writer = new VideoWriter(file, width, height);
        boolean opened = false;
        try {
            writer.open(fps);
            opened = true;
            return writer;
        } finally {
            if (!opened) {
                writer.abort();
            }
        }
    }

    private void open(int fps) throws IOException {
        AVCodec encoder = avcodec_find_encoder_by_name(ENCODER);
        if (encoder == null || encoder.isNull()) {
            throw failure("this FFmpeg has no encoder " + ENCODER, "Use the build that Sparkreel ships");
        }
        require(
                avformat_alloc_output_context2(container, null, "mp4", temporary.toString()),
                "the mp4 container cannot be made");
        openCodec(encoder, fps);
        stream = avformat_new_stream(container, null);
        stream.time_base(codec.time_base());
        stream.avg_frame_rate(codec.framerate());
        require(
                avcodec_parameters_from_context(stream.codecpar(), codec),
                "the encoder's parameters do not fit the container");
        openConverter();
        packet = av_packet_alloc();

        output = new AVIOContext(null);
        int status = avio_open(output, temporary.toString(), AVIO_FLAG_WRITE);
        if (status < 0) {
            output = null;
            throw failure("the file cannot be created", "Check the folder and its permissions");
        }
        container.pb(output);
        AVDictionary options = new AVDictionary(null);
        av_dict_set(options, "movflags", "+faststart", 0);
        status = avformat_write_header(container, options);
        av_dict_free(options);
        require(status, "the mp4 header cannot be written");
    }

    private void openCodec(AVCodec encoder, int fps) throws IOException {
        codec = avcodec_alloc_context3(encoder);
        codec.width(width);
        codec.height(height);
        codec.pix_fmt(AV_PIX_FMT_YUV420P);
        codec.time_base(new AVRational().num(1).den(fps));
        codec.framerate(new AVRational().num(fps).den(1));
        codec.gop_size(fps * 2);
        codec.thread_count(1);
        codec.color_range(AVCOL_RANGE_MPEG);
        codec.colorspace(AVCOL_SPC_BT709);
        codec.color_primaries(AVCOL_PRI_BT709);
        codec.color_trc(AVCOL_TRC_BT709);
        codec.flags(codec.flags() | AV_CODEC_FLAG_GLOBAL_HEADER);
        // Rate control must be on for the encoder to heed quantiser bounds; they alone decide then.
        codec.bit_rate(NOMINAL_BIT_RATE);
        codec.qmin(QUANTISER);
        codec.qmax(QUANTISER);
        av_opt_set(codec.priv_data(), "rc_mode", "quality", 0);
        av_opt_set(codec.priv_data(), "allow_skip_frames", "0", 0);
        require(avcodec_open2(codec, encoder, (AVDictionary) null), "the encoder refuses this size");
    }

    private void openConverter() {
        rgb = frame(AV_PIX_FMT_RGB24);
        yuv = frame(AV_PIX_FMT_YUV420P);
        converter = sws_getContext(
                width,
                height,
                AV_PIX_FMT_RGB24,
                width,
                height,
                AV_PIX_FMT_YUV420P,
                SWS_BICUBIC | SWS_ACCURATE_RND,
                (SwsFilter) null,
                (SwsFilter) null,
                (DoublePointer) null);
        sws_setColorspaceDetails(
                converter, sws_getCoefficients(SWS_CS_ITU709), 1, sws_getCoefficients(SWS_CS_ITU709), 0, 0, ONE, ONE);
    }

    private AVFrame frame(int format) {
        AVFrame frame = av_frame_alloc();
        frame.format(format);
        frame.width(width);
        frame.height(height);
        if (av_frame_get_buffer(frame, 0) < 0) {
            throw new OutOfMemoryError(
                    String.format(Locale.ROOT, "no native memory for a frame of %dx%d", width, height));
        }
        return frame;
    }

    /**
     * Appends one frame.
     *
     * @param rgb24 [height, width, 3]
     * @throws IOException when it cannot be encoded or written; the video is then given up
     */
    public void write(byte[] rgb24) throws IOException {
        if (closed) {
            throw new IllegalStateException("the video is finished");
        }
        if (rgb24.length != 3L * width * height) {
            failed = true;
            throw new InvalidInputException(String.format(
                    Locale.ROOT,
                    "Cannot write %s: a frame of %d bytes was given. Pass %d bytes, 3 for each of %dx%d pixels.",
                    file,
                    rgb24.length,
                    3L * width * height,
                    width,
                    height));
        }
        BytePointer pixels = rgb.data(0);
        int rowBytes = rgb.linesize(0);
        for (int row = 0; row < height; row++) {
            pixels.position((long) row * rowBytes).put(rgb24, 3 * row * width, 3 * width);
        }
        require(av_frame_make_writable(yuv), "no memory for a frame");
        sws_scale(converter, rgb.data(), rgb.linesize(), 0, height, yuv.data(), yuv.linesize());
        yuv.pts(frames++);
        require(avcodec_send_frame(codec, yuv), "the encoder refuses a frame");
        writePackets();
    }

    private void writePackets() throws IOException {
        while (avcodec_receive_packet(codec, packet) >= 0) {
            packet.stream_index(stream.index());
            packet.duration(1);
            av_packet_rescale_ts(packet, codec.time_base(), stream.time_base());
            int status = av_interleaved_write_frame(container, packet);
            av_packet_unref(packet);
            require(status, "the disk refuses the data");
        }
    }

    /**
     * Finishes the video and gives it its name. A video without frames, or one whose {@link #write}
     * failed, leaves nothing.
     */
    @Override
    public void close() throws IOException {
        if (closed) {
            return;
        }
        try {
            if (!failed && frames > 0) {
                require(avcodec_send_frame(codec, null), "the encoder cannot be finished");
                writePackets();
                require(av_write_trailer(container), "the disk refuses the data");
                closeOutput();
                Files.move(temporary, file, StandardCopyOption.REPLACE_EXISTING); // the commit
            }
        } finally {
            abort();
        }
    }

    /** Gives the video up and removes what was written of it. Does nothing after {@link #close}. */
    public void abort() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        try {
            closeOutput();
        } finally {
            freeNative();
            Files.deleteIfExists(temporary);
        }
    }

    private void closeOutput() throws IOException {
        if (output != null) {
            AVIOContext opened = output;
            output = null;
            int status = avio_closep(opened);
            container.pb(null);
            if (!closed) {
                require(status, "the disk refuses the data");
            }
        }
    }

    private void freeNative() {
        if (converter != null) {
            sws_freeContext(converter);
        }
        if (rgb != null) {
            av_frame_free(rgb);
        }
        if (yuv != null) {
            av_frame_free(yuv);
        }
        if (packet != null) {
            av_packet_free(packet);
        }
        if (codec != null) {
            avcodec_free_context(codec);
        }
        if (!container.isNull()) {
            avformat_free_context(container);
        }
    }

    private void require(int status, String found) throws IOException {
        if (status < 0 && status != TRY_AGAIN) {
            failed = true;
            throw failure(
                    String.format(Locale.ROOT, "%s (FFmpeg error %d)", found, status), "Check space and permissions");
        }
    }

    private IOException failure(String found, String remedy) {
        return new IOException(String.format(Locale.ROOT, "Cannot write %s: %s. %s.", file, found, remedy));
    }
}
