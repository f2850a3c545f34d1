// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import static org.bytedeco.ffmpeg.global.avcodec.AV_PKT_FLAG_DISCARD;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PKT_FLAG_KEY;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_alloc;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_free;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_move_ref;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_unref;
import static org.bytedeco.ffmpeg.global.avformat.av_read_frame;

import java.io.IOException;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.Deque;
import org.bytedeco.ffmpeg.avcodec.AVPacket;

/** The packets of the picture stream on their way to the decoder, of which some may be looked at before. */
final class PacketQueue implements AutoCloseable {

    /**
     * A packet that waits.
     *
     * @param shown how many frames it shows
     */
    record Waiting(AVPacket packet, int shown) {

        boolean isKeyframe() {
            return (packet.flags() & AV_PKT_FLAG_KEY) != 0;
        }
    }

    private final NativeInput input;
    private final ShownPackets shownPackets;
    private final boolean hiddenFrames;
    private final Deque<Waiting> waiting = new ArrayDeque<>();
    private MessageDigest digest;
    private long bytes;

    /** @param hiddenFrames whether packets that an edit list hides are like others */
    PacketQueue(NativeInput input, boolean hiddenFrames) {
        this.input = input;
        this.hiddenFrames = hiddenFrames;
        this.shownPackets = new ShownPackets(input);
    }

    /** Lets a digest take in the data of all packets that are read from now on. */
    void digestInto(MessageDigest target) {
        digest = target;
    }

    /** Those that wait, in the order of decoding. */
    Iterable<Waiting> waiting() {
        return waiting;
    }

    /** Bytes of those that wait. */
    long bytes() {
        return bytes;
    }

    /** Reads one more packet, which waits behind the others; null after the last. */
    Waiting readAhead() throws IOException {
        AVPacket packet = av_packet_alloc();
        int shown = read(packet);
        if (shown < 0) {
            av_packet_free(packet);
            return null;
        }
        Waiting last = new Waiting(packet, shown);
        waiting.add(last);
        bytes += packet.size();
        return last;
    }

    /**
     * Hands over the next packet.
     *
     * @return how many frames it shows; -1 where there is none
     */
    int take(AVPacket target) throws IOException {
        if (waiting.isEmpty()) {
            return read(target);
        }
        Waiting first = waiting.remove();
        bytes -= first.packet.size();
        av_packet_move_ref(target, first.packet);
        av_packet_free(first.packet);
        return first.shown;
    }

    /** Lets go of the first packets that wait. */
    void drop(int count) {
        for (int i = 0; i < count; i++) {
            AVPacket packet = waiting.remove().packet;
            bytes -= packet.size();
            av_packet_free(packet);
        }
    }

    /** To be told when the input was made to go on elsewhere. */
    void restart() {
        drop(waiting.size());
        shownPackets.restart();
    }

    private int read(AVPacket packet) throws IOException {
        while (av_read_frame(input.context(), packet) >= 0) {
            // Decoders take an empty packet, which repeats the picture before it, for a mistake.
            if (packet.stream_index() == input.stream().index() && packet.size() > 0) {
                if (hiddenFrames) {
                    packet.flags(packet.flags() & ~AV_PKT_FLAG_DISCARD);
                }
                if (digest != null) {
                    digest.update(packet.data().capacity(packet.size()).asByteBuffer());
                }
                return shownPackets.frames(packet);
            }
            av_packet_unref(packet);
        }
        input.rethrowFailure();
        return -1;
    }

    @Override
    public void close() {
        drop(waiting.size());
        shownPackets.close();
    }
}
