// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media.format;

import java.io.IOException;

/** Whether pictures are encrypted, where demuxers keep it to themselves. */
public final class Encryption {

    private static final int TRANSPORT_SYNC = 0x47;
    private static final int PACKETS_LOOKED_AT = 20_000;

    private Encryption() {}

    /** By the sample entry of a track of an MP4 file: "encv" (ISO/IEC 14496-12, 8.12). */
    public static boolean ofTrack(SeekableBytes source, int track) throws IOException {
        Tracks tracks = new Tracks(new Boxes(source), track);
        tracks.boxes.all(tracks::box);
        return tracks.encrypted;
    }

    private static final class Tracks {

        private final Boxes boxes;
        private final int wanted;
        private boolean ours;
        private boolean encrypted;

        Tracks(Boxes boxes, int wanted) {
            this.boxes = boxes;
            this.wanted = wanted;
        }

        private void box(String type, SourceBytes bytes, long end) throws IOException {
            switch (type) {
                case "moov", "trak", "mdia", "minf", "stbl" -> boxes.within(bytes.position(), end, this::box);
                case "tkhd" -> {
                    boolean large = bytes.next() == 1;
                    bytes.skip(large ? 19 : 11);
                    ours = bytes.bigEndian(4) == wanted;
                }
                case "stsd" -> {
                    if (ours) {
                        boxes.within(
                                bytes.position() + 8, end, (entry, at, entryEnd) -> encrypted |= entry.equals("encv"));
                    }
                }
                default -> {
                    // says nothing of the codec
                }
            }
        }
    }

    /** By the scrambling control of the first packet of a transport stream's elementary stream (13818-1, 2.4.3.3). */
    public static boolean ofElementaryStream(SeekableBytes source, int identifier) throws IOException {
        SourceBytes bytes = new SourceBytes(source);
        for (int size : FileEnd.TRANSPORT_PACKETS) {
            int first = size == 192 ? 4 : 0;
            for (long packet = 0; packet < PACKETS_LOOKED_AT; packet++) {
                bytes.seek(first + packet * size);
                if (bytes.next() != TRANSPORT_SYNC) {
                    break;
                }
                int header = (int) bytes.bigEndian(3);
                if (header >= 0 && (header >> 8 & 0x1fff) == identifier) {
                    return (header & 0xc0) != 0;
                }
            }
        }
        return false;
    }
}
