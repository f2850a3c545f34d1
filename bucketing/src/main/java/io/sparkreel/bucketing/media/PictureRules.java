// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import io.sparkreel.bucketing.InvalidInputException;
import java.io.Serializable;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * What a picture is: how what is stored becomes what is shown. The same rules hold for the sizes that a probe reports
 * and for the pixels that are read.
 *
 * @param sampleAspect what is made of samples that are not square
 * @param orientation which pictures are turned as their EXIF or TIFF orientation says; films are always turned as
 *     their display matrix says
 * @param background what lies beneath transparent pixels
 * @param hiddenFrames whether frames that an edit list hides are shown, as versions before these rules did
 */
public record PictureRules(
        SampleAspect sampleAspect, ImageOrientation orientation, Background background, boolean hiddenFrames)
        implements Serializable {

    /** As a viewer shows it. */
    public static final PictureRules SHOWN =
            new PictureRules(SampleAspect.APPLY, ImageOrientation.APPLY, Background.WHITE);

    /** As data sets were read before there were rules: what is stored is what is shown, but for display matrices. */
    public static final PictureRules EARLIER =
            new PictureRules(SampleAspect.IGNORE, ImageOrientation.IGNORE, Background.IGNORED, true);

    private static final long serialVersionUID = 1L;

    public PictureRules {
        Objects.requireNonNull(sampleAspect, "sampleAspect");
        Objects.requireNonNull(orientation, "orientation");
        Objects.requireNonNull(background, "background");
    }

    /** Rules under which an edit list is followed. */
    public PictureRules(SampleAspect sampleAspect, ImageOrientation orientation, Background background) {
        this(sampleAspect, orientation, background, false);
    }

    /** What is made of samples that are not square. */
    public enum SampleAspect {
        /** Pictures are stretched until samples are square; no side shrinks. */
        APPLY,
        /** Samples count as square, as in the reference. */
        IGNORE
    }

    /** Which pictures are turned upright. */
    public enum ImageOrientation {
        /** All that say how. */
        APPLY,
        /** TIFF alone, as the reference's image library does. */
        REFERENCE,
        /** None; only data sets that were made before there was a choice. */
        IGNORE
    }

    /**
     * What lies beneath transparent pixels.
     *
     * @param ignored whether alpha is dropped instead, as in the reference
     * @param rgb the colour, red in the high byte
     */
    public record Background(boolean ignored, int rgb) implements Serializable {

        public static final Background WHITE = new Background(false, 0xffffff);
        public static final Background IGNORED = new Background(true, 0);

        private static final long serialVersionUID = 1L;
        private static final Pattern COLOUR = Pattern.compile("#[0-9a-fA-F]{6}");

        /**
         * Reads a value of a configuration.
         *
         * @param text {@code white}, {@code #rrggbb} or {@code ignore}
         * @throws InvalidInputException when it is none of these
         */
        public static Background parse(String text) {
            if (text.equals("white")) {
                return WHITE;
            }
            if (text.equals("ignore")) {
                return IGNORED;
            }
            if (!COLOUR.matcher(text).matches()) {
                throw new InvalidInputException(String.format(
                        Locale.ROOT,
                        "Cannot use background \"%s\": it is no colour. Use white, \"#rrggbb\" or ignore.",
                        text));
            }
            return new Background(false, Integer.parseInt(text.substring(1), 16));
        }

        /** As {@link #parse} reads it. */
        public String text() {
            if (ignored) {
                return "ignore";
            }
            return equals(WHITE) ? "white" : String.format(Locale.ROOT, "#%06x", rgb);
        }
    }
}
