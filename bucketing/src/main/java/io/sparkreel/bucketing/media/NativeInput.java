// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import static org.bytedeco.ffmpeg.avformat.AVFormatContext.AVFMT_FLAG_NOFILLIN;
import static org.bytedeco.ffmpeg.avformat.AVFormatContext.AVFMT_FLAG_NOPARSE;
import static org.bytedeco.ffmpeg.global.avcodec.AVDISCARD_ALL;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_DVVIDEO;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_H263;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_H264;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_HEVC;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_MPEG1VIDEO;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_MPEG2VIDEO;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_MPEG4;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_VC1;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_WMV3;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PKT_DATA_DISPLAYMATRIX;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PKT_DATA_ENCRYPTION_INIT_INFO;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_side_data_get;
import static org.bytedeco.ffmpeg.global.avformat.AV_DISPOSITION_ATTACHED_PIC;
import static org.bytedeco.ffmpeg.global.avformat.av_find_best_stream;
import static org.bytedeco.ffmpeg.global.avformat.av_find_input_format;
import static org.bytedeco.ffmpeg.global.avformat.av_guess_sample_aspect_ratio;
import static org.bytedeco.ffmpeg.global.avformat.avformat_alloc_context;
import static org.bytedeco.ffmpeg.global.avformat.avformat_close_input;
import static org.bytedeco.ffmpeg.global.avformat.avformat_find_stream_info;
import static org.bytedeco.ffmpeg.global.avformat.avformat_index_get_entries_count;
import static org.bytedeco.ffmpeg.global.avformat.avformat_index_get_entry;
import static org.bytedeco.ffmpeg.global.avformat.avformat_open_input;
import static org.bytedeco.ffmpeg.global.avutil.AVMEDIA_TYPE_VIDEO;
import static org.bytedeco.ffmpeg.global.avutil.av_dict_free;
import static org.bytedeco.ffmpeg.global.avutil.av_dict_set;
import static org.bytedeco.ffmpeg.global.avutil.av_make_q;
import static org.bytedeco.ffmpeg.global.avutil.av_opt_set;

import io.sparkreel.bucketing.media.format.ContainerExtent;
import io.sparkreel.bucketing.media.format.Encryption;
import io.sparkreel.bucketing.media.format.SequenceHeader;
import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecParameters;
import org.bytedeco.ffmpeg.avcodec.AVPacketSideData;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVIndexEntry;
import org.bytedeco.ffmpeg.avformat.AVInputFormat;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVRational;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.PointerPointer;

/** One opened container with its picture stream chosen. Owns every native object of it. */
final class NativeInput implements AutoCloseable {

    /** Pictures of more pixels than this are put aside. */
    static final long MAX_PIXELS = 1L << 26;

    /**
     * Formats that carry their pictures in themselves. Play lists and scripts, which would make
     * FFmpeg open other files in the name of the job, are not among them.
     */
    private static final String FORMATS =
            "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,ogg,gif,flv,asf,mxf,nut,ivf,apng,"
                    + "jpeg_pipe,png_pipe,webp_pipe,bmp_pipe,tiff_pipe";

    /** Codecs whose aspect stands in the headers of pictures, which the container need not repeat. */
    private static final Set<Integer> ASPECT_IN_PICTURES = Set.of(
            AV_CODEC_ID_MPEG1VIDEO,
            AV_CODEC_ID_MPEG2VIDEO,
            AV_CODEC_ID_MPEG4,
            AV_CODEC_ID_H263,
            AV_CODEC_ID_VC1,
            AV_CODEC_ID_WMV3,
            AV_CODEC_ID_DVVIDEO);

    private static final int[] NO_ASPECT = {0, 1};

    private final SourceBridge bridge;
    private final AVFormatContext context;
    private AVStream stream;
    private boolean analysed;
    private boolean withoutData;

    private NativeInput(SourceBridge bridge, AVFormatContext context) {
        this.bridge = bridge;
        this.context = context;
    }

    /** Reads the headers. Falls back to analysing packets where they name no picture stream. */
    static NativeInput open(MediaSource source) throws MediaException, IOException {
        SourceBridge bridge = new SourceBridge(source);
        NativeInput input = null;
        try {
            AVInputFormat format = knownFormat(source);
            AVFormatContext context = avformat_alloc_context();
            context.pb(bridge.context());
            av_opt_set(context, "format_whitelist", FORMATS, 0);
            // On failure FFmpeg frees the context itself.
            int status = avformat_open_input(context, "", format, (AVDictionary) null);
            bridge.rethrowFailure();
            if (status < 0) {
                throw notMedia(source);
            }
            input = new NativeInput(bridge, context);
            input.chooseStream();
            NativeInput opened = input;
            input = null;
            bridge = null;
            return opened;
        } finally {
            if (input != null) {
                input.close();
            } else if (bridge != null) {
                bridge.close();
            }
        }
    }

    /**
     * FFmpeg is slow to believe that a file is a JPEG: it asks all its demuxers again and again, with
     * more of the file each time. The first bytes leave no doubt (ITU T.81, B.2).
     */
    private static AVInputFormat knownFormat(MediaSource source) throws IOException {
        byte[] head = new byte[3];
        boolean jpeg = source.read(0, head, 0, 3) == 3
                && head[0] == (byte) 0xff
                && head[1] == (byte) 0xd8
                && head[2] == (byte) 0xff;
        return jpeg ? av_find_input_format("jpeg_pipe") : null;
    }

    private static MediaException notMedia(MediaSource source) throws IOException {
        if (source.length() == 0) {
            return new MediaException(MediaProblem.NOT_MEDIA, "the file is empty");
        }
        ContainerExtent extent = ContainerExtent.read(source);
        if (extent.endsBeyondFile()) {
            return new MediaException(MediaProblem.TRUNCATED, extent.describe());
        }
        return new MediaException(MediaProblem.NOT_MEDIA, "no supported video or image format begins here");
    }

    private void chooseStream() throws MediaException, IOException {
        int best = bestStream();
        if (best < 0) {
            analyse();
            best = bestStream();
        }
        if (best < 0) {
            throw new MediaException(
                    MediaProblem.NO_VIDEO_STREAM,
                    String.format(Locale.ROOT, "the %s container has no picture stream", formatName()));
        }
        stream = context.streams(best);
        if ((stream.disposition() & AV_DISPOSITION_ATTACHED_PIC) != 0) {
            throw new MediaException(MediaProblem.NO_VIDEO_STREAM, "the only picture is the cover of a sound file");
        }
        for (int i = 0; i < context.nb_streams(); i++) {
            if (i != best) {
                context.streams(i).discard(AVDISCARD_ALL);
            }
        }
    }

    private int bestStream() {
        return av_find_best_stream(context, AVMEDIA_TYPE_VIDEO, -1, -1, (AVCodec) null, 0);
    }

    /** Reads and partly decodes the first packets to fill in what the headers left out. */
    void analyse() throws IOException {
        if (!analysed) {
            analysed = true;
            findStreamInfo();
            bridge.rethrowFailure();
        }
    }

    /** One set of decoder options for each stream: none may decode pictures that are too large. */
    private void findStreamInfo() {
        int streams = context.nb_streams();
        try (PointerPointer<AVDictionary> options = new PointerPointer<>(Math.max(1, streams))) {
            for (int i = 0; i < streams; i++) {
                AVDictionary limits = new AVDictionary(null);
                av_dict_set(limits, "max_pixels", Long.toString(MAX_PIXELS), 0);
                options.put(i, limits);
            }
            avformat_find_stream_info(context, options);
            for (int i = 0; i < streams; i++) {
                av_dict_free(options.position(i));
            }
            options.position(0);
        }
    }

    /**
     * From now on packets come without their data, which is then not read: all else of them stands in the sample table.
     */
    void readOnWithoutData() {
        context.flags(context.flags() | AVFMT_FLAG_NOPARSE | AVFMT_FLAG_NOFILLIN);
        bridge.skipData();
        withoutData = true;
    }

    /** Whether packets come without their data. */
    boolean isWithoutData() {
        return withoutData;
    }

    void rethrowFailure() throws IOException {
        bridge.rethrowFailure();
    }

    AVFormatContext context() {
        return context;
    }

    AVStream stream() {
        return stream;
    }

    AVCodecParameters parameters() {
        return stream.codecpar();
    }

    MediaSource source() {
        return bridge.source();
    }

    long length() {
        return bridge.length();
    }

    /** Whether more bytes were looked for than the file has. */
    boolean endReached() {
        return bridge.endReached();
    }

    /** Whether a sample table names bytes beyond the end of the file, for any of the streams. */
    boolean hasSamplesBeyondEnd() {
        for (int i = 0; i < context.nb_streams(); i++) {
            AVStream each = context.streams(i);
            for (int sample = avformat_index_get_entries_count(each) - 1; sample >= 0; sample--) {
                AVIndexEntry entry = avformat_index_get_entry(each, sample);
                if (entry.pos() + entry.size() > length()) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Whether a table names all samples of the pictures: that of an MP4 or MOV without movie fragments. */
    boolean hasWholeSampleTable() throws IOException {
        int indexed = avformat_index_get_entries_count(stream);
        // An edit list also makes the two differ; only the boxes tell it from fragments.
        return isFormat("mov")
                && stream.nb_frames() > 0
                && indexed > 0
                && (indexed == stream.nb_frames()
                        || !ContainerExtent.read(source()).fragmented());
    }

    String formatName() {
        return context.iformat().name().getString();
    }

    boolean isFormat(String name) {
        return Arrays.asList(formatName().split(",")).contains(name);
    }

    /** Whether the format holds still pictures by nature. */
    boolean isStillFormat() {
        return formatName().endsWith("_pipe");
    }

    /** What the container keeps beside the packets, such as parameter sets; empty where there is nothing. */
    byte[] extradata() {
        BytePointer header = parameters().extradata();
        if (header == null || header.isNull() || parameters().extradata_size() <= 0) {
            return new byte[0];
        }
        byte[] bytes = new byte[parameters().extradata_size()];
        new BytePointer(header).get(bytes);
        return bytes;
    }

    /** Width over height of one sample, by the container or else by the codec; 0 where neither says. */
    AVRational sampleAspect() throws IOException {
        AVRational named = av_guess_sample_aspect_ratio(context, stream, null);
        if (named.num() > 0 || analysed) {
            return named;
        }
        int codec = parameters().codec_id();
        Optional<int[]> aspect = Optional.empty();
        if (codec == AV_CODEC_ID_H264) {
            aspect = SequenceHeader.h264Aspect(extradata());
        } else if (codec == AV_CODEC_ID_HEVC) {
            aspect = SequenceHeader.hevcAspect(extradata());
        } else if (ASPECT_IN_PICTURES.contains(codec)) {
            analyse();
            return av_guess_sample_aspect_ratio(context, stream, null);
        }
        return av_make_q(aspect.orElse(NO_ASPECT)[0], aspect.orElse(NO_ASPECT)[1]);
    }

    /** Whether the pictures are encrypted, by what the demuxer hands on for decryption, or by the container. */
    boolean isEncrypted() throws IOException {
        AVCodecParameters parameters = parameters();
        if (isFormat("mov")) {
            return Encryption.ofTrack(source(), stream.id());
        }
        if (isFormat("mpegts")) {
            return Encryption.ofElementaryStream(source(), stream.id());
        }
        return parameters.nb_coded_side_data() > 0
                && av_packet_side_data_get(
                                parameters.coded_side_data(),
                                parameters.nb_coded_side_data(),
                                AV_PKT_DATA_ENCRYPTION_INIT_INFO)
                        != null;
    }

    /** The 3x3 display matrix in FFmpeg's fixed-point form, or null where there is none. */
    int[] displayMatrix() {
        AVCodecParameters parameters = parameters();
        if (parameters.nb_coded_side_data() == 0) {
            return null;
        }
        AVPacketSideData side = av_packet_side_data_get(
                parameters.coded_side_data(), parameters.nb_coded_side_data(), AV_PKT_DATA_DISPLAYMATRIX);
        if (side == null || side.isNull() || side.size() < 9 * Integer.BYTES) {
            return null;
        }
        int[] matrix = new int[9];
        new IntPointer(side.data()).get(matrix);
        return matrix;
    }

    @Override
    public void close() {
        avformat_close_input(context);
        bridge.close();
    }
}
