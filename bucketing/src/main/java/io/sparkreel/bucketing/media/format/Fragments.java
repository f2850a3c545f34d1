// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media.format;

import java.io.IOException;

/**
 * What the movie fragments of an MP4 file say of one track, read from their tables alone (ISO/IEC 14496-12, 8.8).
 *
 * @param frames samples of the track in all fragments
 * @param ticks their duration in units of the track's time scale
 */
public record Fragments(long frames, long ticks) {

    /** Reads the tables of a track, by its number in the file. */
    public static Fragments read(SeekableBytes source, int track) throws IOException {
        Reader reader = new Reader(new Boxes(source), track);
        reader.boxes.all(reader::box);
        return new Fragments(reader.frames, reader.ticks);
    }

    private static final class Reader {

        private final Boxes boxes;
        private final int track;
        private long defaultDuration;
        private long duration;
        private boolean ours;
        private long frames;
        private long ticks;

        Reader(Boxes boxes, int track) {
            this.boxes = boxes;
            this.track = track;
        }

        private void box(String type, SourceBytes bytes, long end) throws IOException {
            switch (type) {
                case "moov", "mvex", "moof", "traf" -> boxes.within(bytes.position(), end, this::box);
                case "trex" -> defaults(bytes);
                case "tfhd" -> header(bytes);
                case "trun" -> run(bytes);
                default -> {
                    // says nothing of samples
                }
            }
        }

        private void defaults(SourceBytes bytes) throws IOException {
            bytes.skip(4);
            boolean named = bytes.bigEndian(4) == track;
            bytes.skip(4);
            long sample = bytes.bigEndian(4);
            defaultDuration = named ? sample : defaultDuration;
        }

        private void header(SourceBytes bytes) throws IOException {
            long flags = bytes.bigEndian(4) & 0xffffff;
            ours = bytes.bigEndian(4) == track;
            bytes.skip(((flags & 1) != 0 ? 8 : 0) + ((flags & 2) != 0 ? 4 : 0));
            duration = (flags & 8) != 0 ? bytes.bigEndian(4) : defaultDuration;
        }

        private void run(SourceBytes bytes) throws IOException {
            if (!ours) {
                return;
            }
            long flags = bytes.bigEndian(4) & 0xffffff;
            long count = Math.max(0, bytes.bigEndian(4));
            bytes.skip(((flags & 1) != 0 ? 4 : 0) + ((flags & 4) != 0 ? 4 : 0));
            frames += count;
            if ((flags & 0x100) == 0) {
                ticks += count * Math.max(0, duration);
                return;
            }
            int rest = 4 * Long.bitCount(flags & 0xe00);
            for (long i = 0; i < count; i++) {
                long sample = bytes.bigEndian(4);
                if (sample < 0) {
                    return;
                }
                ticks += sample;
                bytes.skip(rest);
            }
        }
    }
}
