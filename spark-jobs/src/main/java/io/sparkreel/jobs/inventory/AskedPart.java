// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inventory;

import io.sparkreel.bucketing.InvalidInputException;
import io.sparkreel.bucketing.media.range.CropBox;
import io.sparkreel.bucketing.media.range.Excerpt;
import io.sparkreel.bucketing.media.range.FrameRange;
import io.sparkreel.jobs.dataset.ClipParts;
import java.util.List;
import java.util.Locale;

/**
 * The part of a file that a row of a metadata table asks for. Its text tells it from others, and it can be read again
 * from that.
 *
 * @param frames the range, where it is given in frames
 * @param seconds the range, where it is given in seconds
 * @param crop what of each picture, null for all
 */
record AskedPart(FrameRange frames, Seconds seconds, CropBox crop) {
    /** Columns of a metadata table that make a part. */
    static final List<String> COLUMNS =
            List.of("start_frame", "end_frame", "start_s", "end_s", "crop_x", "crop_y", "crop_w", "crop_h");

    /**
     * A range in seconds.
     *
     * @param start since the first frame
     * @param end since the first frame
     */
    record Seconds(double start, double end) {
        Seconds {
            if (!(start >= 0 && end > start)) {
                throw new InvalidInputException(
                        String.format(Locale.ROOT, "%s s to %s s is no range: 0 <= start < end", start, end));
            }
        }
    }

    /**
     * The part that the values of a row are, null where they are all of the file.
     *
     * @param numbers of {@link #COLUMNS}, in their order; null where there is none
     * @throws InvalidInputException when they are no part
     */
    static AskedPart of(Double[] numbers) {
        boolean inFrames = pair(numbers, 0);
        boolean inSeconds = pair(numbers, 2);
        if (inFrames && inSeconds) {
            throw new InvalidInputException("there are both frames and seconds; give one range");
        }
        long box = List.of(4, 5, 6, 7).stream().filter(i -> numbers[i] != null).count();
        if (box > 0 && box < 4) {
            throw new InvalidInputException("a crop box has crop_x, crop_y, crop_w and crop_h; give all or none");
        }
        if (!inFrames && !inSeconds && box == 0) {
            return null;
        }
        return new AskedPart(
                inFrames ? new FrameRange(numbers[0].intValue(), numbers[1].intValue()) : null,
                inSeconds ? new Seconds(numbers[2], numbers[3]) : null,
                box == 0
                        ? null
                        : new CropBox(
                                numbers[4].intValue(),
                                numbers[5].intValue(),
                                numbers[6].intValue(),
                                numbers[7].intValue()));
    }

    private static boolean pair(Double[] numbers, int first) {
        if ((numbers[first] == null) != (numbers[first + 1] == null)) {
            throw new InvalidInputException("there is "
                    + COLUMNS.get(numbers[first] == null ? first + 1 : first)
                    + " and no " + COLUMNS.get(numbers[first] == null ? first : first + 1) + "; give both or none");
        }
        return numbers[first] != null;
    }

    /** The columns that have a value, and the values, as {@link #parse} reads them. */
    String text() {
        String part = ClipParts.text(new Excerpt(frames, crop));
        return seconds == null
                ? part
                : "start_s=" + seconds.start() + " end_s=" + seconds.end() + (part == null ? "" : " " + part);
    }

    /** @param text null for a whole file, which is no part */
    static AskedPart parse(String text) {
        if (text == null) {
            return null;
        }
        Double[] numbers = new Double[COLUMNS.size()];
        for (String each : text.split(" ")) {
            int equals = each.indexOf('=');
            numbers[COLUMNS.indexOf(each.substring(0, equals))] = Double.valueOf(each.substring(equals + 1));
        }
        return of(numbers);
    }

    /** As a part of which the frames are known. */
    Excerpt with(FrameRange range) {
        return new Excerpt(range, crop);
    }
}
