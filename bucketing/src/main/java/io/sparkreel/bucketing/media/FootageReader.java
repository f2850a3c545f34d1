// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import static org.bytedeco.ffmpeg.global.avcodec.avcodec_get_name;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_RANGE_JPEG;
import static org.bytedeco.ffmpeg.global.avutil.AV_NOPTS_VALUE;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_BGR24;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUV420P;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUVJ420P;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_free;
import static org.bytedeco.ffmpeg.global.swscale.SWS_BICUBIC;
import static org.bytedeco.ffmpeg.global.swscale.SWS_CS_DEFAULT;
import static org.bytedeco.ffmpeg.global.swscale.sws_freeContext;
import static org.bytedeco.ffmpeg.global.swscale.sws_getCoefficients;
import static org.bytedeco.ffmpeg.global.swscale.sws_getContext;
import static org.bytedeco.ffmpeg.global.swscale.sws_scale;
import static org.bytedeco.ffmpeg.global.swscale.sws_setColorspaceDetails;

import io.sparkreel.bucketing.media.format.ContentDigest;
import io.sparkreel.bucketing.media.frame.NativeRows;
import io.sparkreel.bucketing.media.frame.RowGatherer;
import io.sparkreel.bucketing.media.scale.Plane;
import java.io.IOException;
import java.security.MessageDigest;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.stream.LongStream;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.avutil.AVRational;
import org.bytedeco.ffmpeg.swscale.SwsContext;
import org.bytedeco.ffmpeg.swscale.SwsFilter;
import org.bytedeco.javacpp.DoublePointer;

/**
 * Reads the shown frames of a video one after the other, as detectors of shots and measures of pictures see them: BGR
 * by swscale's default conversion (the matrix and range that the file names, BT.601 and limited where it names none, no
 * accurate rounding), and 8-bit YUV 4:2:0. Both are turned as the header says; neither is stretched by the sample aspect. The
 * conversion is the one of OpenCV's reader, not the one of training. Holds one frame, and decodes on the calling
 * thread.
 */
public final class FootageReader implements AutoCloseable {

    private static final int ONE = 1 << 16; // brightness, contrast and saturation are 16.16

    private final NativeInput input;
    private final FrameDecoder decoder;
    private final Orientation orientation;
    private final AVRational timeBase;
    private final MessageDigest packetDigest = ContentDigest.begin("MD5");
    private final Conversion toBgr = new Conversion(AV_PIX_FMT_BGR24);
    private final Conversion toYuv = new Conversion(AV_PIX_FMT_YUV420P);
    private final RowGatherer gatherer = new RowGatherer();
    private byte[] bgr = new byte[0];
    private final byte[][] yuv = new byte[3][0];
    private AVFrame frame;
    private AVFrame ahead;
    private long pts;
    private boolean first = true;

    private FootageReader(NativeInput input, FrameDecoder decoder, Orientation orientation) {
        this.input = input;
        this.decoder = decoder;
        this.orientation = orientation;
        this.timeBase = input.stream().time_base();
        decoder.packets().digestInto(packetDigest);
    }

    /**
     * Opens a video at its beginning.
     *
     * @throws MediaException when it holds no pictures, or none that can be decoded
     * @throws IOException when the storage fails
     */
    public static FootageReader open(MediaSource source) throws MediaException, IOException {
        NativeInput input = NativeInput.open(source);
        try {
            MediaProbe.requireDecodable(input);
            if (!input.isStillFormat()) {
                FrameTally.requireUncut(input);
            }
            return new FootageReader(input, FrameDecoder.open(input), Orientation.of(input.displayMatrix()));
        } catch (MediaException | IOException | RuntimeException failure) {
            input.close();
            throw failure;
        }
    }

    /**
     * Opens a video at the last keyframe before a frame, or at its beginning where there is none, so that at least one frame
     * comes before that one.
     *
     * @param pts when the frame is shown, in units of the time base; not the first one
     * @throws MediaException when it holds no pictures, or none that can be decoded
     * @throws IOException when the storage fails
     */
    public static FootageReader openBefore(MediaSource source, long pts) throws MediaException, IOException {
        long latest = pts - 1;
        while (true) {
            FootageReader reader = open(source);
            boolean ready = false;
            try {
                PacketQueue packets = reader.decoder.packets();
                OptionalLong key = SeekPoints.areIndexed(reader.input)
                        ? SeekPoints.seek(reader.input, packets, latest)
                        : OptionalLong.empty();
                if (key.isEmpty()) {
                    break;
                }
                ready = reader.beginsAt(key.getAsLong());
                if (ready) {
                    return reader;
                }
                latest = key.getAsLong() - 1;
            } finally {
                if (!ready) {
                    reader.close();
                }
            }
        }
        return open(source);
    }

    /** Whether a keyframe is the first picture of those that do not lead it, which may refer to what was not decoded. */
    private boolean beginsAt(long key) throws MediaException, IOException {
        do {
            ahead = decoder.next();
        } while (ahead != null && ahead.pts() != AV_NOPTS_VALUE && ahead.pts() < key);
        return ahead != null && ahead.pts() == key;
    }

    /**
     * Finds keyframes at which {@link #openBefore} can begin a part of a long video. Afterwards no frame can be read any more.
     *
     * @param times in units of the time base, in order
     * @return when the last keyframe at or before each of them is shown, each once; empty where the container has no index
     */
    public long[] keyframesBefore(long[] times) throws IOException {
        if (!SeekPoints.areIndexed(input)) {
            return new long[0];
        }
        LongStream.Builder found = LongStream.builder();
        for (long time : times) {
            SeekPoints.seek(input, decoder.packets(), time).ifPresent(found);
        }
        return found.build().distinct().toArray();
    }

    /**
     * Decodes the next frame.
     *
     * @return false after the last one
     * @throws MediaException when the pictures are damaged so that decoding cannot go on
     */
    public boolean next() throws MediaException, IOException {
        frame = ahead == null ? decode() : ahead;
        ahead = null;
        if (frame == null) {
            return false;
        }
        long stamp = frame.best_effort_timestamp();
        long after = first ? 0 : pts + Math.max(1, frame.duration());
        // Where recordings stand after each other in one file, stamps begin anew.
        pts = stamp != AV_NOPTS_VALUE && (first || stamp > pts) ? stamp : after;
        first = false;
        return true;
    }

    /**
     * The MD5 of the packets of the picture stream, by which a video is found in another container too, as {@code ffmpeg -i
     * FILE -map 0:v:0 -c copy -f md5 -} prints it. Reads them without decoding.
     */
    public static String packetDigest(MediaSource source) throws MediaException, IOException {
        MessageDigest digest = ContentDigest.begin("MD5");
        try (NativeInput input = NativeInput.open(source);
                PacketQueue packets = new PacketQueue(input, false)) {
            packets.digestInto(digest);
            while (packets.readAhead() != null) {
                packets.drop(1);
            }
        }
        return ContentDigest.hex(digest);
    }

    /** Tells where decoding ends by time, which does not depend on where it began. */
    private AVFrame decode() throws MediaException, IOException {
        try {
            return decoder.next();
        } catch (MediaException damage) {
            if (first || damage.problem() != MediaProblem.DECODE_ERROR) {
                throw damage;
            }
            throw new MediaException(
                    MediaProblem.DECODE_ERROR,
                    String.format(
                            Locale.ROOT,
                            "decoding fails after the frame at %.3f s",
                            (double) pts * timeBase.num() / timeBase.den()));
        }
    }

    /** What {@link #packetDigest(MediaSource)} is of a video that was read from its beginning to its end; to be asked once. */
    public String packetDigest() {
        return ContentDigest.hex(packetDigest);
    }

    /**
     * When the frame is shown, in units of the time base; later than the one before. A stream that has no stamps is
     * counted from 0.
     */
    public long pts() {
        return pts;
    }

    /** Numerator of a unit of {@link #pts}, in seconds. */
    public int timeBaseNumerator() {
        return timeBase.num();
    }

    /** Denominator of a unit of {@link #pts}, in seconds. */
    public int timeBaseDenominator() {
        return timeBase.den();
    }

    /** The codec of the pictures, by FFmpeg's name. */
    public String codec() {
        return avcodec_get_name(input.parameters().codec_id()).getString();
    }

    /** By how many degrees the header turns the pictures, counter-clockwise. */
    public int rotation() {
        return orientation.degrees();
    }

    /** Frames a second on average, as the container says; 0 where it does not. */
    public double averageRate() {
        AVRational rate = input.stream().avg_frame_rate();
        return rate.num() > 0 && rate.den() > 0 ? (double) rate.num() / rate.den() : 0;
    }

    /** How long the video is, in seconds, as the container says; 0 where it does not. */
    public double duration() {
        return StreamFacts.duration(input);
    }

    /** Whether the frame can be decoded without others. */
    public boolean keyframe() {
        return (frame.flags() & AVFrame.AV_FRAME_FLAG_KEY) != 0;
    }

    /** Whether the frame, or one before it back to a keyframe, is damaged and was concealed. */
    public boolean damaged() {
        return decoder.damagedSinceKeyframe();
    }

    /** Whether luma covers 0 to 255, not 16 to 235. */
    public boolean fullRange() {
        return isFullRange(frame);
    }

    private static boolean isFullRange(AVFrame frame) {
        return frame.color_range() == AVCOL_RANGE_JPEG || RgbConverter.isFullRangeFormat(frame.format());
    }

    /** Width of the frame as displayed, in decoded pixels. */
    public int width() {
        return orientation.swapAxes() ? frame.height() : frame.width();
    }

    /** Height of the frame as displayed, in decoded pixels. */
    public int height() {
        return orientation.swapAxes() ? frame.width() : frame.height();
    }

    /**
     * Blue, green and red of the frame, valid until the next call.
     *
     * @param rows those of a frame as displayed that are wanted: others may be left as they were; null: all
     */
    public Plane[] bgr(boolean[] rows) throws MediaException {
        int width = frame.width();
        int height = frame.height();
        boolean[] wanted = orientation.changesPixels() ? null : rows;
        bgr = room(bgr, Math.multiplyExact(3 * width, height));
        if (wanted != null && isPlain420() && height % 2 == 0) {
            AVFrame gathered = gatherer.gather(frame, wanted);
            NativeRows converted = NativeRows.of(toBgr.convert(gathered), 0, 3 * width, gathered.height());
            int next = 0;
            for (int row = 0; row < height; row++) {
                if (wanted[row]) {
                    converted.get(next++, bgr, 3 * width * row, 3 * width);
                }
            }
        } else {
            copy(toBgr.convert(frame), 0, 3 * width, height, bgr, wanted);
        }
        return new Plane[] {
            shown(bgr, 0, 3, width, height), shown(bgr, 1, 3, width, height), shown(bgr, 2, 3, width, height)
        };
    }

    /**
     * Luma of the frame and the two planes of colour, which have half as many rows and columns; valid until the next
     * call.
     *
     * @param rows those of luma as displayed that are wanted: others may be left as they were; null: all
     * @param colourRows those of colour as displayed that are wanted
     */
    public Plane[] yuv(boolean[] rows, boolean[] colourRows) throws MediaException {
        AVFrame planes = isPlain420() ? frame : toYuv.convert(frame);
        Plane[] shown = new Plane[3];
        for (int plane = 0; plane < 3; plane++) {
            int width = plane == 0 ? frame.width() : (frame.width() + 1) / 2;
            int height = plane == 0 ? frame.height() : (frame.height() + 1) / 2;
            boolean[] wanted = plane == 0 ? rows : colourRows;
            yuv[plane] = room(yuv[plane], Math.multiplyExact(width, height));
            copy(planes, plane, width, height, yuv[plane], orientation.changesPixels() ? null : wanted);
            shown[plane] = shown(yuv[plane], 0, 1, width, height);
        }
        return shown;
    }

    /** Luma alone, whole, as {@link #yuv}. */
    public Plane luma() throws MediaException {
        int width = frame.width();
        int height = frame.height();
        yuv[0] = room(yuv[0], Math.multiplyExact(width, height));
        copy(isPlain420() ? frame : toYuv.convert(frame), 0, width, height, yuv[0], null);
        return shown(yuv[0], 0, 1, width, height);
    }

    private boolean isPlain420() {
        return frame.format() == AV_PIX_FMT_YUV420P || frame.format() == AV_PIX_FMT_YUVJ420P;
    }

    private static byte[] room(byte[] there, int length) {
        return there.length == length ? there : new byte[length];
    }

    private static void copy(AVFrame from, int plane, int rowBytes, int height, byte[] to, boolean[] wanted) {
        NativeRows rows = NativeRows.of(from, plane, rowBytes, height);
        for (int row = 0; row < height; row++) {
            if (wanted == null || wanted[row]) {
                rows.get(row, to, row * rowBytes, rowBytes);
            }
        }
    }

    /** The view of a stored plane that a viewer has. */
    private Plane shown(byte[] values, int first, int step, int width, int height) {
        int rowStep = step * width;
        int columns = orientation.swapAxes() ? height : width;
        int rows = orientation.swapAxes() ? width : height;
        int across = orientation.swapAxes() ? rowStep : step;
        int down = orientation.swapAxes() ? step : rowStep;
        int offset = first
                + (orientation.mirrorColumns() ? (columns - 1) * across : 0)
                + (orientation.mirrorRows() ? (rows - 1) * down : 0);
        return new Plane(
                values,
                offset,
                orientation.mirrorColumns() ? -across : across,
                orientation.mirrorRows() ? -down : down,
                columns,
                rows);
    }

    @Override
    public void close() {
        toBgr.close();
        toYuv.close();
        gatherer.close();
        decoder.close();
        input.close();
    }

    /** swscale, from whatever frames come to one pixel format of the same size. */
    private static final class Conversion implements AutoCloseable {

        private final int wanted;
        private SwsContext scaler;
        private AVFrame target;
        private int width;
        private int height;
        private int format;
        private int matrix;
        private boolean fullRange;

        Conversion(int wanted) {
            this.wanted = wanted;
        }

        AVFrame convert(AVFrame frame) throws MediaException {
            boolean full = isFullRange(frame);
            if (scaler == null
                    || width != frame.width()
                    || height != frame.height()
                    || format != frame.format()
                    || matrix != frame.colorspace()
                    || fullRange != full) {
                prepare(frame, full);
            }
            sws_scale(scaler, frame.data(), frame.linesize(), 0, height, target.data(), target.linesize());
            return target;
        }

        private void prepare(AVFrame frame, boolean full) throws MediaException {
            close();
            width = frame.width();
            height = frame.height();
            format = frame.format();
            matrix = frame.colorspace();
            fullRange = full;
            RgbConverter.requireConvertible(format);
            scaler = sws_getContext(
                    width,
                    height,
                    format,
                    width,
                    height,
                    wanted,
                    SWS_BICUBIC,
                    (SwsFilter) null,
                    (SwsFilter) null,
                    (DoublePointer) null);
            if (scaler == null || scaler.isNull()) {
                throw new MediaException(
                        MediaProblem.UNSUPPORTED_CODEC,
                        String.format(
                                Locale.ROOT,
                                "frames of %dx%d in pixel format %d cannot be converted",
                                width,
                                height,
                                format));
            }
            sws_setColorspaceDetails(
                    scaler,
                    sws_getCoefficients(matrix),
                    fullRange ? 1 : 0,
                    sws_getCoefficients(SWS_CS_DEFAULT),
                    wanted == AV_PIX_FMT_BGR24 || fullRange ? 1 : 0,
                    0,
                    ONE,
                    ONE);
            target = NativeRows.frame(wanted, width, height);
        }

        @Override
        public void close() {
            if (scaler != null) {
                sws_freeContext(scaler);
                scaler = null;
            }
            if (target != null) {
                av_frame_free(target);
                target = null;
            }
        }
    }
}
