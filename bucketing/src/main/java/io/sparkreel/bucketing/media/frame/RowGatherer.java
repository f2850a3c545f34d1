// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media.frame;

import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUV420P;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUV422P;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUVJ422P;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_free;

import org.bytedeco.ffmpeg.avutil.AVFrame;

/**
 * Rows of a 4:2:0 frame, gathered into a smaller one of 4:2:2, whose rows have colour of their own. Both are
 * converted row by row, by the same code.
 */
public final class RowGatherer implements AutoCloseable {

    private AVFrame gathered;

    /** Gathers the rows that are wanted. The frame that is returned is valid until the next call. */
    public AVFrame gather(AVFrame frame, boolean[] wanted) {
        int rows = 0;
        for (boolean row : wanted) {
            rows += row ? 1 : 0;
        }
        int width = frame.width();
        int height = rows + rows % 2; // of an odd height, swscale converts in another way
        int format = frame.format() == AV_PIX_FMT_YUV420P ? AV_PIX_FMT_YUV422P : AV_PIX_FMT_YUVJ422P;
        if (gathered == null
                || gathered.width() != width
                || gathered.height() != height
                || gathered.format() != format) {
            close();
            gathered = NativeRows.frame(format, width, height);
        }
        gathered.colorspace(frame.colorspace());
        gathered.color_range(frame.color_range());
        for (int plane = 0; plane < 3; plane++) {
            int halved = plane == 0 ? 0 : 1;
            int bytes = (width + halved) >> halved;
            NativeRows from = NativeRows.of(frame, plane, bytes, (frame.height() + halved) >> halved);
            NativeRows to = NativeRows.of(gathered, plane, bytes, height);
            int next = 0;
            for (int row = 0; row < wanted.length; row++) {
                if (wanted[row]) {
                    to.put(next++, from, row >> halved, bytes);
                }
            }
        }
        return gathered;
    }

    @Override
    public void close() {
        if (gathered != null) {
            av_frame_free(gathered);
            gathered = null;
        }
    }
}
