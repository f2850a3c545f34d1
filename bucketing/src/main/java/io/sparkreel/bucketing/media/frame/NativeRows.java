// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media.frame;

import static org.bytedeco.ffmpeg.global.avutil.av_frame_alloc;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_get_buffer;

import java.nio.ByteBuffer;
import java.util.Locale;
import org.bytedeco.ffmpeg.avutil.AVFrame;

/** Rows of a plane in native memory, which are copied without a call into native code for each of them. */
public record NativeRows(ByteBuffer bytes, int stride, int first) {

    /** Of a plane of a frame. */
    public static NativeRows of(AVFrame frame, int plane, int rowBytes, int height) {
        int stride = frame.linesize(plane);
        // Where the stride is negative, the last row is the one that comes first in memory.
        long begin = Math.min(0, (height - 1L) * stride);
        long end = Math.max(0, (height - 1L) * stride) + rowBytes;
        Math.toIntExact(end - begin);
        ByteBuffer bytes =
                frame.data(plane).position(begin).limit(end).capacity(end).asByteBuffer();
        return new NativeRows(bytes, stride, (int) -begin);
    }

    /** Copies a row out. */
    public void get(int row, byte[] target, int at, int length) {
        bytes.get(first + row * stride, target, at, length);
    }

    /** Copies a row of another plane in. */
    public void put(int row, NativeRows from, int fromRow, int length) {
        bytes.put(first + row * stride, from.bytes, from.first + fromRow * from.stride, length);
    }

    /** A new frame with memory of its own. */
    public static AVFrame frame(int format, int width, int height) {
        AVFrame made = av_frame_alloc();
        made.format(format);
        made.width(width);
        made.height(height);
        if (av_frame_get_buffer(made, 0) < 0) {
            throw new OutOfMemoryError(
                    String.format(Locale.ROOT, "no native memory for a frame of %dx%d", width, height));
        }
        return made;
    }
}
