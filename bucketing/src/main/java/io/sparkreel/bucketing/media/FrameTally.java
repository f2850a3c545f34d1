// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import static org.bytedeco.ffmpeg.avformat.AVIndexEntry.AVINDEX_DISCARD_FRAME;
import static org.bytedeco.ffmpeg.avformat.AVIndexEntry.AVINDEX_KEYFRAME;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PKT_FLAG_KEY;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_alloc;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_free;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_unref;
import static org.bytedeco.ffmpeg.global.avformat.av_read_frame;
import static org.bytedeco.ffmpeg.global.avformat.avformat_index_get_entries_count;
import static org.bytedeco.ffmpeg.global.avformat.avformat_index_get_entry;
import static org.bytedeco.ffmpeg.global.avutil.AV_NOPTS_VALUE;

import io.sparkreel.bucketing.InvalidInputException;
import io.sparkreel.bucketing.media.ProbeOptions.FrameCount;
import io.sparkreel.bucketing.media.format.ContainerExtent;
import io.sparkreel.bucketing.media.format.Fragments;
import io.sparkreel.bucketing.media.range.FrameTimes;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVIndexEntry;
import org.bytedeco.ffmpeg.avformat.AVStream;

/**
 * How many frames of a stream are shown.
 *
 * @param frames the number
 * @param packets how many packets there are, shown or not; {@code frames} where they were not counted
 * @param keyframeInterval longest run from one keyframe to the next, 0 when unknown
 * @param exact whether frames were counted, not estimated
 * @param located whether a sample table named each frame's place, within the file
 * @param seconds how long they are shown, 0 where only the headers tell
 */
record FrameTally(int frames, int packets, int keyframeInterval, boolean exact, boolean located, double seconds) {

    /** No film has more frames a second; where headers say so, it is the unit of their time stamps. */
    private static final double HIGHEST_RATE = 250;

    static FrameTally of(NativeInput input, FrameCount mode) throws MediaException, IOException {
        boolean sampleTable = hasSampleTable(input);
        if (sampleTable) {
            FrameTally tally = fromSampleTable(input);
            if (input.hasWholeSampleTable()) {
                return mode == FrameCount.HEADER ? tally : tally.withoutLostStart(input);
            }
        }
        if (mode == FrameCount.HEADER) {
            return fromHeaders(input);
        }
        if (!sampleTable) {
            requireWhole(input);
        }
        return fromPackets(input);
    }

    /** Refuses a file whose headers tell that its end is missing. */
    static void requireUncut(NativeInput input) throws MediaException, IOException {
        if (hasSampleTable(input)) {
            fromSampleTable(input);
        } else {
            requireWhole(input);
        }
    }

    private static boolean hasSampleTable(NativeInput input) {
        AVStream stream = input.stream();
        return input.isFormat("mov") && stream.nb_frames() > 0 && avformat_index_get_entries_count(stream) > 0;
    }

    /** A still picture. */
    static FrameTally still() {
        return new FrameTally(1, 1, 1, true, false, 0);
    }

    private static void requireWhole(NativeInput input) throws MediaException, IOException {
        ContainerExtent extent = ContainerExtent.read(input.source());
        if (extent.endsBeyondFile()) {
            throw new MediaException(MediaProblem.TRUNCATED, extent.describe());
        }
    }

    private static FrameTally fromHeaders(NativeInput input) throws MediaException, IOException {
        AVStream stream = input.stream();
        long frames = stream.nb_frames();
        double seconds = 0;
        boolean exact = false;
        // Where samples lie in fragments, the duration of the movie header need not be theirs.
        if (input.isFormat("mov") && ContainerExtent.read(input.source()).fragmented()) {
            Fragments fragments = Fragments.read(input.source(), stream.id());
            frames = Math.max(0, frames) + fragments.frames();
            seconds = fragments.ticks() * StreamFacts.quotient(stream.time_base());
            exact = true;
        } else if (frames <= 0) {
            frames = estimate(input);
        }
        if (frames < 1) {
            throw new MediaException(
                    MediaProblem.NO_FRAMES,
                    "the headers tell neither frames nor duration; probe with frame_count exact");
        }
        if (frames > input.length()) {
            throw new MediaException(
                    MediaProblem.TRUNCATED,
                    String.format(
                            Locale.ROOT, "the headers name %d frames, the file has %d bytes", frames, input.length()));
        }
        int count = (int) Math.min(frames, Integer.MAX_VALUE);
        return new FrameTally(count, count, 0, exact, false, seconds);
    }

    private static long estimate(NativeInput input) throws MediaException {
        double rate = StreamFacts.rate(input.stream());
        if (rate > HIGHEST_RATE) {
            throw new MediaException(
                    MediaProblem.NO_FRAMES,
                    String.format(
                            Locale.ROOT,
                            "the headers name %.0f frames a second, which is a unit of time; probe with frame_count exact",
                            rate));
        }
        return Math.round(StreamFacts.duration(input) * rate);
    }

    private static FrameTally fromSampleTable(NativeInput input) throws MediaException, IOException {
        if (input.endReached()) {
            requireWhole(input); // the tables themselves may be cut short
        }
        int count = avformat_index_get_entries_count(input.stream());
        Keyframes keyframes = new Keyframes();
        int complete = 0;
        int shown = 0;
        for (int i = 0; i < count; i++) {
            AVIndexEntry entry = avformat_index_get_entry(input.stream(), i);
            if (entry.pos() + entry.size() <= input.length()) {
                complete++;
            }
            if ((entry.flags() & AVINDEX_DISCARD_FRAME) == 0) {
                shown++;
            }
            keyframes.frame((entry.flags() & AVINDEX_KEYFRAME) != 0);
        }
        if (complete < count) {
            throw new MediaException(
                    MediaProblem.TRUNCATED,
                    String.format(
                            Locale.ROOT,
                            "the sample table names %d frames, %d lie within the file's %d bytes",
                            count,
                            complete,
                            input.length()));
        }
        return new FrameTally(shown, count, keyframes.interval(), true, true, 0);
    }

    /** Without the frames at the beginning that cannot be decoded, for want of what comes before them. */
    private FrameTally withoutLostStart(NativeInput input) throws MediaException, IOException {
        AVPacket packet = av_packet_alloc();
        boolean clean = true;
        try {
            if (av_read_frame(input.context(), packet) >= 0) {
                clean = StreamStart.isClean(input, packet);
                av_packet_unref(packet);
            }
        } finally {
            av_packet_free(packet);
        }
        input.rethrowFailure();
        return clean ? this : less(StreamStart.lostFrames(input.source()));
    }

    private FrameTally less(int lost) {
        return new FrameTally(Math.max(0, frames - lost), packets, keyframeInterval, exact, located, seconds);
    }

    /** Reads through the file without decoding. */
    private static FrameTally fromPackets(NativeInput input) throws MediaException, IOException {
        Keyframes keyframes = new Keyframes();
        int frames = 0;
        int packets = 0;
        boolean first = true;
        boolean clean = true;
        long begin = Long.MAX_VALUE;
        long end = Long.MIN_VALUE;
        AVPacket packet = av_packet_alloc();
        try (ShownPackets packetsShown = new ShownPackets(input)) {
            while (av_read_frame(input.context(), packet) >= 0) {
                // An empty packet repeats the picture before it; no decoder makes a frame of it.
                if (packet.stream_index() == input.stream().index() && packet.size() > 0) {
                    clean = first ? StreamStart.isClean(input, packet) : clean;
                    first = false;
                    int shown = packetsShown.frames(packet);
                    frames += shown;
                    packets++;
                    if (shown > 0) {
                        keyframes.frame((packet.flags() & AV_PKT_FLAG_KEY) != 0);
                        long at = packet.pts() == AV_NOPTS_VALUE ? packet.dts() : packet.pts();
                        if (at != AV_NOPTS_VALUE) {
                            begin = Math.min(begin, at);
                            end = Math.max(end, at + Math.max(0, packet.duration()));
                        }
                    }
                }
                av_packet_unref(packet);
            }
        } finally {
            av_packet_free(packet);
        }
        input.rethrowFailure();
        double seconds = end > begin
                ? (end - begin) * StreamFacts.quotient(input.stream().time_base())
                : 0;
        FrameTally tally = new FrameTally(frames, packets, keyframes.interval(), true, false, seconds);
        return clean ? tally : tally.less(StreamStart.lostFrames(input.source()));
    }

    /**
     * When each frame is shown, by its packet.
     *
     * @param frames how many there are; those at the beginning that cannot be decoded are not among them
     */
    static FrameTimes times(NativeInput input, int frames) throws IOException {
        List<Long> stamps = new ArrayList<>();
        double tick = StreamFacts.quotient(input.stream().time_base());
        long second = Math.round(1 / tick); // more than any reordering
        long latest = Long.MIN_VALUE / 2;
        long end = Long.MIN_VALUE;
        AVPacket packet = av_packet_alloc();
        try (PacketQueue packets = new PacketQueue(input, false)) {
            for (int shown = packets.take(packet); shown >= 0; shown = packets.take(packet)) {
                for (int i = 0; i < shown; i++) {
                    if (packet.pts() == AV_NOPTS_VALUE) {
                        throw new InvalidInputException(
                                "the frames of the file have no time stamps; name start_frame and end_frame");
                    }
                    if ((packet.flags() & AV_PKT_FLAG_KEY) != 0 && packet.pts() < latest - second) {
                        throw new InvalidInputException(
                                "the time stamps of the file begin anew; name start_frame and end_frame");
                    }
                    latest = Math.max(latest, packet.pts());
                    stamps.add(packet.pts());
                    end = Math.max(end, packet.pts() + Math.max(0, packet.duration()));
                }
                av_packet_unref(packet);
            }
        } finally {
            av_packet_free(packet);
        }
        Collections.sort(stamps);
        if (stamps.isEmpty() || (frames != Integer.MAX_VALUE && stamps.size() < frames)) {
            throw new InvalidInputException(String.format(
                    Locale.ROOT,
                    "%d time stamps for %d frames; name start_frame and end_frame",
                    stamps.size(),
                    frames));
        }
        List<Long> shown = stamps.subList(Math.max(0, stamps.size() - frames), stamps.size());
        long first = shown.get(0);
        double[] seconds =
                shown.stream().mapToDouble(stamp -> (stamp - first) * tick).toArray();
        double length = Math.max((end - first) * tick, StreamFacts.duration(input));
        return new FrameTimes(seconds, length);
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
