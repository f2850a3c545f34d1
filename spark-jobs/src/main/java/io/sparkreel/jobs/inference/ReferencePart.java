// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import io.sparkreel.bucketing.media.range.CropBox;
import io.sparkreel.bucketing.media.range.Excerpt;
import io.sparkreel.bucketing.media.range.FrameRange;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A reference and what of it is meant: {@code a.mp4#frames=100-180} is a range of frames as in a table of clips, whose
 * end is not part of it, and {@code #xywh=0,24,320,132} a crop box; both are joined by {@code &}. The box is written as in
 * W3C Media Fragments 1.0.
 *
 * @param uri of the file
 * @param part of the file
 */
record ReferencePart(String uri, Excerpt part) {
    private static final Pattern FRAGMENT = Pattern.compile("(.+)#(?:frames=(\\d{1,9})-(\\d{1,9}))?(?:(?:&|(?<=#))"
            + "xywh=(\\d{1,9}),(\\d{1,9}),(\\d{1,9}),(\\d{1,9}))?(?<=\\d)");

    /** @throws io.sparkreel.bucketing.InvalidInputException if the range or the box is none */
    static ReferencePart of(String reference) {
        Matcher fragment = FRAGMENT.matcher(reference);
        if (!fragment.matches()) {
            return new ReferencePart(reference, Excerpt.WHOLE);
        }
        FrameRange frames = fragment.group(2) == null ? null : new FrameRange(number(fragment, 2), number(fragment, 3));
        CropBox crop = fragment.group(4) == null
                ? null
                : new CropBox(number(fragment, 4), number(fragment, 5), number(fragment, 6), number(fragment, 7));
        return new ReferencePart(fragment.group(1), new Excerpt(frames, crop));
    }

    private static int number(Matcher fragment, int group) {
        return Integer.parseInt(fragment.group(group));
    }

    /**
     * How many frames of a file are meant.
     *
     * @param there frames of the file
     * @throws IllegalArgumentException if the range goes beyond its end
     */
    int frames(int there) {
        if (part.frames() == null) {
            return there;
        }
        if (part.end() > there) {
            throw new IllegalArgumentException(
                    "it has " + there + " frames, and " + part.start() + " to " + (part.end() - 1) + " are asked for");
        }
        return part.frames().length();
    }
}
