// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import static org.bytedeco.ffmpeg.avformat.AVIndexEntry.AVINDEX_KEYFRAME;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PKT_FLAG_KEY;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_alloc;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_free;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_unref;
import static org.bytedeco.ffmpeg.global.avformat.av_read_frame;
import static org.bytedeco.ffmpeg.global.avformat.avformat_index_get_entries_count;
import static org.bytedeco.ffmpeg.global.avformat.avformat_index_get_entry;

import io.sparkreel.bucketing.media.format.ContainerExtent;
import java.io.IOException;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVIndexEntry;
import org.bytedeco.ffmpeg.avformat.AVStream;

/**
 * How many frames a stream has.
 *
 * @param frames the number
 * @param keyframeInterval longest run from one keyframe to the next, 0 when unknown
 * @param exact whether frames were counted, not estimated
 */
record FrameTally(int frames, int keyframeInterval, boolean exact) {

    static FrameTally of(NativeInput input, FrameCount mode) throws MediaException, IOException {
        AVStream stream = input.stream();
        int indexed = avformat_index_get_entries_count(stream);
        boolean sampleTable = input.isFormat("mov") && stream.nb_frames() > 0 && indexed > 0;
        if (sampleTable) {
            if (input.endReached()) {
                requireWhole(input); // the tables themselves may be cut short
            }
            FrameTally tally = fromSampleTable(input, indexed);
            // An edit list also makes the two differ; only the boxes tell it from fragments.
            if (indexed == stream.nb_frames()
                    || mode == FrameCount.HEADER
                    || !ContainerExtent.read(input.source()).fragmented()) {
                return tally;
            }
        }
        if (mode == FrameCount.HEADER) {
            long named = stream.nb_frames();
            long frames = named > 0 ? named : estimate(input);
            if (frames < 1) {
                throw new MediaException(
                        MediaProblem.NO_FRAMES,
                        "the headers tell neither frames nor duration; probe with frame_count exact");
            }
            if (frames > input.length()) {
                throw new MediaException(
                        MediaProblem.TRUNCATED,
                        "the headers name %d frames, the file has %d bytes".formatted(frames, input.length()));
            }
            return new FrameTally((int) Math.min(frames, Integer.MAX_VALUE), 0, false);
        }
        if (!sampleTable) {
            requireWhole(input);
        }
        return fromPackets(input);
    }

    private static void requireWhole(NativeInput input) throws MediaException, IOException {
        ContainerExtent extent = ContainerExtent.read(input.source());
        if (extent.endsBeyondFile()) {
            throw new MediaException(MediaProblem.TRUNCATED, extent.describe());
        }
    }

    private static long estimate(NativeInput input) {
        return Math.round(StreamFacts.duration(input) * StreamFacts.rate(input.stream()));
    }

    private static FrameTally fromSampleTable(NativeInput input, int count) throws MediaException {
        Keyframes keyframes = new Keyframes();
        int complete = 0;
        for (int i = 0; i < count; i++) {
            AVIndexEntry entry = avformat_index_get_entry(input.stream(), i);
            if (entry.pos() + entry.size() <= input.length()) {
                complete++;
            }
            keyframes.frame((entry.flags() & AVINDEX_KEYFRAME) != 0);
        }
        if (complete < count) {
            throw new MediaException(
                    MediaProblem.TRUNCATED,
                    "the sample table names %d frames, %d lie within the file's %d bytes"
                            .formatted(count, complete, input.length()));
        }
        return new FrameTally(count, keyframes.interval(), true);
    }

    /** Reads through the file without decoding. */
    private static FrameTally fromPackets(NativeInput input) throws IOException {
        Keyframes keyframes = new Keyframes();
        int frames = 0;
        AVPacket packet = av_packet_alloc();
        try {
            while (av_read_frame(input.context(), packet) >= 0) {
                // An empty packet repeats the picture before it; no decoder makes a frame of it.
                if (packet.stream_index() == input.stream().index() && packet.size() > 0) {
                    frames++;
                    keyframes.frame((packet.flags() & AV_PKT_FLAG_KEY) != 0);
                }
                av_packet_unref(packet);
            }
        } finally {
            av_packet_free(packet);
        }
        input.rethrowFailure();
        return new FrameTally(frames, keyframes.interval(), true);
    }

    /** Longest run of frames from one keyframe to the next or to the end. */
    private static final class Keyframes {

        private int longest;
        private int run;
        private boolean seen;

        void frame(boolean key) {
            if (key) {
                seen = true;
                run = 0;
            }
            run++;
            if (seen) {
                longest = Math.max(longest, run);
            }
        }

        int interval() {
            return longest;
        }
    }
}
