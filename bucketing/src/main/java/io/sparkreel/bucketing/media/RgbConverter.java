// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import static org.bytedeco.ffmpeg.global.avutil.AVCOL_RANGE_JPEG;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_FLAG_ALPHA;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_FLAG_PAL;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_FLAG_RGB;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_GBRAP;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_GBRP;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_RGB24;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_RGBA;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUVJ411P;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUVJ420P;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUVJ422P;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUVJ440P;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUVJ444P;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_alloc;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_free;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_get_buffer;
import static org.bytedeco.ffmpeg.global.avutil.av_pix_fmt_desc_get;
import static org.bytedeco.ffmpeg.global.swscale.SWS_ACCURATE_RND;
import static org.bytedeco.ffmpeg.global.swscale.SWS_BILINEAR;
import static org.bytedeco.ffmpeg.global.swscale.SWS_CS_DEFAULT;
import static org.bytedeco.ffmpeg.global.swscale.SWS_FULL_CHR_H_INT;
import static org.bytedeco.ffmpeg.global.swscale.sws_freeContext;
import static org.bytedeco.ffmpeg.global.swscale.sws_getCoefficients;
import static org.bytedeco.ffmpeg.global.swscale.sws_getContext;
import static org.bytedeco.ffmpeg.global.swscale.sws_isSupportedInput;
import static org.bytedeco.ffmpeg.global.swscale.sws_scale;
import static org.bytedeco.ffmpeg.global.swscale.sws_setColorspaceDetails;

import io.sparkreel.bucketing.media.PictureRules.Background;
import java.util.Locale;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.avutil.AVPixFmtDescriptor;
import org.bytedeco.ffmpeg.swscale.SwsContext;
import org.bytedeco.ffmpeg.swscale.SwsFilter;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;

/**
 * Converts decoded frames to 8-bit RGB in display orientation, with the colour matrix and range the
 * file names (BT.601, limited range where it names none).
 */
final class RgbConverter implements AutoCloseable {

    /** Without the last two, swscale takes a short cut that darkens pictures by a grey level. */
    private static final int FLAGS = SWS_BILINEAR | SWS_FULL_CHR_H_INT | SWS_ACCURATE_RND;

    /** Where swscale puts red, green and blue. */
    private static final int[] PLANES = {2, 0, 1};

    private static final int ONE = 1 << 16; // brightness, contrast and saturation are 16.16

    private final Orientation orientation;
    private final Background background;
    private SwsContext scaler;
    private AVFrame target;
    private int width;
    private int height;
    private int format;
    private int matrix;
    private boolean fullRange;
    private boolean planar;
    private boolean transparent;
    private byte[] rgb;
    private byte[] rowOfPixels;

    /** @param background what transparent pixels are laid over */
    RgbConverter(Orientation orientation, Background background) {
        this.orientation = orientation;
        this.background = background;
    }

    /** Refuses pixel formats that cannot be converted. */
    static void requireConvertible(int format) throws MediaException {
        if (sws_isSupportedInput(format) == 0) {
            throw new MediaException(
                    MediaProblem.UNSUPPORTED_CODEC,
                    String.format(Locale.ROOT, "frames in pixel format %d cannot be converted", format));
        }
    }

    /**
     * Converts one frame; the array, [height, width, 3], is valid until the next call.
     *
     * @param rows those that are wanted of a frame as displayed: others may be left as they were; null: all
     */
    byte[] convert(AVFrame frame, boolean[] rows) throws MediaException {
        prepare(frame);
        boolean[] wanted = orientation.equals(Orientation.UPRIGHT) ? rows : null;
        sws_scale(scaler, frame.data(), frame.linesize(), 0, height, target.data(), target.linesize());
        if (planar) {
            for (int channel = 0; channel < 3; channel++) {
                copyPlane(PLANES[channel], channel, wanted);
            }
        } else {
            BytePointer pixels = target.data(0);
            int rowBytes = target.linesize(0);
            for (int row = 0; row < height; row++) {
                if (transparent) {
                    pixels.position((long) row * rowBytes).get(rowOfPixels, 0, 4 * width);
                    layOver(rowOfPixels, 3 * row * width);
                } else {
                    pixels.position((long) row * rowBytes).get(rgb, 3 * row * width, 3 * width);
                }
            }
        }
        if (planar && transparent) {
            layPlanesOver();
        }
        return orientation.apply(rgb, height, width);
    }

    /** Lays a row of RGBA over the background. */
    private void layOver(byte[] rgba, int to) {
        for (int column = 0; column < width; column++) {
            int alpha = rgba[4 * column + 3] & 0xff;
            for (int channel = 0; channel < 3; channel++) {
                rgb[to + 3 * column + channel] = over(rgba[4 * column + channel], alpha, channel);
            }
        }
    }

    private void layPlanesOver() {
        BytePointer pixels = target.data(3);
        for (int row = 0; row < height; row++) {
            pixels.position((long) row * target.linesize(3)).get(rowOfPixels, 0, width);
            for (int column = 0; column < width; column++) {
                int at = 3 * (row * width + column);
                for (int channel = 0; channel < 3; channel++) {
                    rgb[at + channel] = over(rgb[at + channel], rowOfPixels[column] & 0xff, channel);
                }
            }
        }
    }

    /** One value of straight alpha over that of the background, rounded. */
    private byte over(byte value, int alpha, int channel) {
        int beneath = background.rgb() >> (8 * (2 - channel)) & 0xff;
        return (byte) (((value & 0xff) * alpha + beneath * (255 - alpha) + 127) / 255);
    }

    private void copyPlane(int plane, int channel, boolean[] wanted) {
        BytePointer pixels = target.data(plane);
        int rowBytes = target.linesize(plane);
        for (int row = 0; row < height; row++) {
            if (wanted != null && !wanted[row]) {
                continue;
            }
            pixels.position((long) row * rowBytes).get(rowOfPixels, 0, width);
            int to = 3 * row * width + channel;
            for (int column = 0; column < width; column++) {
                rgb[to + 3 * column] = rowOfPixels[column];
            }
        }
    }

    /** Height of the frame that was prepared last, as displayed. */
    int height() {
        return orientation.swapAxes() ? width : height;
    }

    /** Width of the frame that was prepared last, as displayed. */
    int width() {
        return orientation.swapAxes() ? height : width;
    }

    /** Makes ready for frames of this size and format. */
    void prepare(AVFrame frame) throws MediaException {
        boolean full = frame.color_range() == AVCOL_RANGE_JPEG || isFullRangeFormat(frame.format());
        if (scaler != null
                && width == frame.width()
                && height == frame.height()
                && format == frame.format()
                && matrix == frame.colorspace()
                && fullRange == full) {
            return;
        }
        close();
        width = frame.width();
        height = frame.height();
        format = frame.format();
        matrix = frame.colorspace();
        fullRange = full;
        // Into planes swscale converts luminance and chrominance five times faster, and takes no short cut between
        // rows of chrominance.
        planar = hasChrominance(format);
        transparent = !background.ignored() && hasAlpha(format);
        int made = planar
                ? transparent ? AV_PIX_FMT_GBRAP : AV_PIX_FMT_GBRP
                : transparent ? AV_PIX_FMT_RGBA : AV_PIX_FMT_RGB24;
        scaler = sws_getContext(
                width, height, format, width, height, made, FLAGS, (SwsFilter) null, (SwsFilter) null, (DoublePointer)
                        null);
        if (scaler == null || scaler.isNull()) {
            scaler = null;
            throw new MediaException(
                    MediaProblem.DECODE_ERROR,
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
                1,
                0,
                ONE,
                ONE);
        target = av_frame_alloc();
        target.format(made);
        target.width(width);
        target.height(height);
        if (av_frame_get_buffer(target, 0) < 0) {
            throw new OutOfMemoryError(
                    String.format(Locale.ROOT, "no native memory for a frame of %dx%d", width, height));
        }
        rgb = new byte[Math.multiplyExact(3, Math.multiplyExact(width, height))];
        rowOfPixels = new byte[4 * width];
    }

    private static boolean hasChrominance(int format) {
        AVPixFmtDescriptor descriptor = av_pix_fmt_desc_get(format);
        return descriptor != null
                && descriptor.nb_components() >= 3
                && (descriptor.flags() & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL)) == 0;
    }

    private static boolean hasAlpha(int format) {
        AVPixFmtDescriptor descriptor = av_pix_fmt_desc_get(format);
        return descriptor != null && (descriptor.flags() & (AV_PIX_FMT_FLAG_ALPHA | AV_PIX_FMT_FLAG_PAL)) != 0;
    }

    /** Whether a pixel format by itself says that luma covers 0 to 255. */
    static boolean isFullRangeFormat(int format) {
        return format == AV_PIX_FMT_YUVJ420P
                || format == AV_PIX_FMT_YUVJ422P
                || format == AV_PIX_FMT_YUVJ444P
                || format == AV_PIX_FMT_YUVJ440P
                || format == AV_PIX_FMT_YUVJ411P;
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
