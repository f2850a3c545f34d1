// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import static org.bytedeco.ffmpeg.avformat.AVIndexEntry.AVINDEX_DISCARD_FRAME;
import static org.bytedeco.ffmpeg.avformat.AVIndexEntry.AVINDEX_KEYFRAME;
import static org.bytedeco.ffmpeg.global.avformat.AVSEEK_FLAG_BACKWARD;
import static org.bytedeco.ffmpeg.global.avformat.av_seek_frame;
import static org.bytedeco.ffmpeg.global.avformat.avformat_index_get_entries_count;
import static org.bytedeco.ffmpeg.global.avformat.avformat_index_get_entry;
import static org.bytedeco.ffmpeg.global.avutil.AV_NOPTS_VALUE;

import io.sparkreel.bucketing.media.PacketQueue.Waiting;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVIndexEntry;
import org.bytedeco.ffmpeg.avutil.AVFrame;

/**
 * Decodes the frames of a film from one in its middle on, by the numbers that they have when all is decoded.
 *
 * <p>Decoding begins at the last keyframe that is not shown after that frame. A keyframe's number is the count of the
 * frames before it in the order of decoding, by the sample table of MP4 and MOV, else by going through the packets
 * without decoding them; and of those that lead it, which follow it and are shown before. It must be the first picture
 * that the decoder gives, but for those that lead it: else it is none, and an earlier one is taken, and at last the
 * beginning of the file.
 */
final class RangeDecoder implements AutoCloseable {

    /** Pictures that lead a keyframe follow it at once; no codec reorders over more than 16. */
    private static final int SETTLED = 32;

    /** More does not wait for a later keyframe to be found: decoding then begins at an earlier one. */
    private static final long MOST_WAITING = 64L << 20;

    private static final int READY = -1;
    private static final int TO_THE_BEGINNING = Integer.MAX_VALUE / 2;

    private final NativeInput input;
    private final FrameDecoder decoder;
    private final PacketQueue packets;
    private boolean fromBeginning = true;
    private boolean untimed;
    private int keyNumber;
    private long keyStamp;
    private int number = -1;
    private AVFrame ahead;

    private RangeDecoder(NativeInput input, FrameDecoder decoder) {
        this.input = input;
        this.decoder = decoder;
        this.packets = decoder.packets();
    }

    /**
     * Opens a film so that the next frame is the one of a number.
     *
     * @param first number of that frame, from 0
     * @param hiddenFrames whether frames that an edit list hides are decoded like others
     * @param back keyframes to go back beyond the nearest
     */
    static RangeDecoder open(MediaSource source, int first, boolean hiddenFrames, int back)
            throws MediaException, IOException {
        int further = back;
        while (true) {
            RangeDecoder opened = open(source, hiddenFrames);
            boolean ready = false;
            try {
                further = opened.begin(first, hiddenFrames, further);
                ready = further == READY;
                if (ready) {
                    return opened;
                }
            } finally {
                if (!ready) {
                    opened.close();
                }
            }
        }
    }

    private static RangeDecoder open(MediaSource source, boolean hiddenFrames) throws MediaException, IOException {
        NativeInput input = NativeInput.open(source);
        try {
            return new RangeDecoder(input, FrameDecoder.open(input, hiddenFrames));
        } catch (MediaException | IOException | RuntimeException failure) {
            input.close();
            throw failure;
        }
    }

    /** Returns {@link #READY}, or how many keyframes to go back when the file is opened again. */
    private int begin(int first, boolean hiddenFrames, int back) throws MediaException, IOException {
        if (first > 0 && back < TO_THE_BEGINNING && SeekPoints.haveKeyframes(input)) {
            Waiting head = packets.readAhead();
            int lost = head == null || StreamStart.isClean(input, head.packet())
                    ? 0
                    : StreamStart.lostFrames(input.source());
            int status = input.hasWholeSampleTable()
                    ? seek(SampleKeys.of(input, first + lost, hiddenFrames), first, lost, back)
                    : walk(first, lost, back);
            if (status != READY) {
                return status;
            }
        }
        if (!fromBeginning && !findKeyframe()) {
            return further(back);
        }
        while (number < first) {
            ahead = decoder.next();
            if (ahead == null) {
                return READY;
            }
            number++;
        }
        return READY;
    }

    /** Whether the keyframe is the first picture of those that it does not come after. */
    private boolean findKeyframe() throws MediaException, IOException {
        do {
            ahead = decoder.next();
            // What leads the keyframe may refer to what was not decoded.
        } while (ahead != null && ahead.pts() != AV_NOPTS_VALUE && ahead.pts() < keyStamp);
        number = keyNumber;
        return ahead != null && ahead.pts() == keyStamp;
    }

    private int further(int back) {
        return untimed ? TO_THE_BEGINNING : Math.min(2 * back + 1, TO_THE_BEGINNING);
    }

    /** By the sample table. */
    private int seek(SampleKeys keys, int first, int lost, int back) throws IOException {
        int key = keys.nearest(first + lost) - back;
        while (key > 0 && keys.before(key) > lost) {
            key = keys.seek(input, packets, key);
            if (key <= 0 || keys.before(key) <= lost) {
                return TO_THE_BEGINNING;
            }
            Waiting found = packets.waiting().iterator().next();
            for (int i = 1; i < SETTLED && StreamStart.isRefresh(input, found.packet()); i++) {
                if (packets.readAhead() == null) {
                    break; // enough is there to see what leads the keyframe
                }
            }
            if (beginsBy(0, keys.before(key) - lost, first)) {
                return READY;
            }
            key--;
            if (key <= 0 || keys.before(key) <= lost) {
                return TO_THE_BEGINNING;
            }
        }
        return READY; // at the beginning, where nothing but the first packet was read
    }

    /** By going through the packets. */
    private int walk(int first, int lost, int back) throws IOException {
        Deque<int[]> keys = new ArrayDeque<>(); // packets and frames before a keyframe
        int read = 0;
        int frames = 0;
        int dropped = 0;
        for (Waiting packet : packets.waiting()) {
            keys.add(new int[] {0, 0});
            read++;
            frames += packet.shown();
        }
        while (frames - lost <= first + SETTLED && packets.bytes() < MOST_WAITING) {
            Waiting packet = packets.readAhead();
            if (packet == null) {
                break;
            }
            if (packet.isKeyframe() && packet.shown() > 0 && frames - lost <= first) {
                keys.add(new int[] {read, frames});
            }
            read++;
            frames += packet.shown();
            if (keys.size() > back + 2) {
                keys.remove();
                packets.drop(keys.element()[0] - dropped);
                dropped = keys.element()[0];
            }
        }
        Iterator<int[]> nearest = keys.descendingIterator();
        for (int i = 0; nearest.hasNext(); i++) {
            int[] key = nearest.next();
            if (i >= back && key[1] > lost && beginsBy(key[0] - dropped, key[1] - lost, first)) {
                return READY;
            }
        }
        return dropped == 0 ? READY : further(back);
    }

    /**
     * Lets decoding begin at a keyframe that waits, unless it is shown after a frame.
     *
     * @param position of the keyframe among those that wait
     * @param before frames that come before it in the order of decoding
     */
    private boolean beginsBy(int position, int before, int first) {
        Iterator<Waiting> waiting = packets.waiting().iterator();
        for (int i = 0; i < position; i++) {
            waiting.next();
        }
        Waiting key = waiting.next();
        long stamp = key.packet().pts();
        untimed |= stamp == AV_NOPTS_VALUE;
        int leading = 0;
        for (int i = 1; i < SETTLED && waiting.hasNext(); i++) {
            Waiting next = waiting.next();
            if (next.isKeyframe() && StreamStart.isRefresh(input, next.packet())) {
                break; // where time stamps begin anew, nothing after that leads
            }
            untimed |= next.shown() > 0 && next.packet().pts() == AV_NOPTS_VALUE;
            leading += next.packet().pts() < stamp ? next.shown() : 0;
        }
        if (untimed || before + leading > first || !StreamStart.isRefresh(input, key.packet())) {
            return false;
        }
        packets.drop(position);
        fromBeginning = false;
        keyNumber = before + leading;
        keyStamp = stamp;
        return true;
    }

    /**
     * Decodes one more frame.
     *
     * @return the frame, valid until the next call, or null after the last one
     * @throws MediaException when the pictures are damaged
     */
    AVFrame next() throws MediaException, IOException {
        AVFrame frame = ahead;
        ahead = null;
        if (frame == null) {
            frame = decoder.next();
            number += frame == null ? 0 : 1;
        }
        return frame;
    }

    /** How many frames the film has, once {@link #next} has returned null. */
    int frames() {
        return number + 1;
    }

    /** See {@link FrameDecoder#damagedSinceKeyframe}. */
    boolean damagedSinceKeyframe() {
        return decoder.damagedSinceKeyframe();
    }

    NativeInput input() {
        return input;
    }

    @Override
    public void close() {
        decoder.close();
        input.close();
    }

    /** Keyframes of a sample table, each with its place there and the number of frames before it. */
    private record SampleKeys(AVIndexEntry samples, int count, List<int[]> keys) {

        /** Those that may be the nearest to a frame, and the one behind. */
        static SampleKeys of(NativeInput input, int frame, boolean hiddenFrames) {
            int count = avformat_index_get_entries_count(input.stream());
            AVIndexEntry samples = new AVIndexEntry(avformat_index_get_entry(input.stream(), 0));
            List<int[]> keys = new ArrayList<>();
            int shown = 0;
            for (int i = 0; i < count && (keys.isEmpty() || keys.get(keys.size() - 1)[1] <= frame); i++) {
                int flags = samples.position(i).flags();
                boolean hidden = (flags & AVINDEX_DISCARD_FRAME) != 0 && !hiddenFrames;
                if ((flags & AVINDEX_KEYFRAME) != 0 && !hidden) {
                    keys.add(new int[] {i, shown});
                }
                shown += hidden ? 0 : 1;
            }
            return new SampleKeys(samples, count, keys);
        }

        /** The last keyframe that no more frames than these come before; -1 if there is none. */
        int nearest(int frames) {
            int last = keys.size() - 1;
            return last >= 0 && before(last) > frames ? last - 1 : last;
        }

        int before(int key) {
            return keys.get(key)[1];
        }

        /**
         * Goes to a keyframe. Demuxers take what is asked for as the time at which a picture is shown, and the table has
         * times of decoding, which are earlier by as many frames as are reordered. So a time within the group is asked
         * for first.
         *
         * @return the keyframe that was found, which may be an earlier one; -1 if it is none of them
         */
        int seek(NativeInput input, PacketQueue packets, int key) throws IOException {
            int sample = keys.get(key)[0];
            int behind = key + 1 < keys.size() ? keys.get(key + 1)[0] : count;
            int within = sample + Math.min(SETTLED / 2, (behind - sample) / 2);
            int found = seek(input, packets, samples.position(within).timestamp());
            return found <= key
                    ? found
                    : seek(input, packets, samples.position(sample).timestamp());
        }

        private int seek(NativeInput input, PacketQueue packets, long stamp) throws IOException {
            int status = av_seek_frame(input.context(), input.stream().index(), stamp, AVSEEK_FLAG_BACKWARD);
            input.rethrowFailure();
            packets.restart();
            Waiting first = status < 0 ? null : packets.readAhead();
            int key = first == null ? -1 : keys.size() - 1;
            while (key >= 0 && !isAt(key, first.packet())) {
                key--;
            }
            return key;
        }

        private boolean isAt(int key, AVPacket packet) {
            AVIndexEntry sample = samples.position(keys.get(key)[0]);
            return sample.pos() == packet.pos() && sample.timestamp() == packet.dts();
        }
    }
}
