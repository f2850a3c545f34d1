// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.inference;

import io.sparkreel.bucketing.InvalidInputException;
import io.sparkreel.bucketing.bucket.AspectRatio;
import io.sparkreel.bucketing.bucket.AspectRatios;
import io.sparkreel.bucketing.bucket.Resolution;
import io.sparkreel.jobs.config.ImageSize;
import io.sparkreel.model.settings.Check;
import io.sparkreel.model.settings.Default;
import io.sparkreel.model.settings.InvalidValueException;
import io.sparkreel.model.settings.Section;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The shape of a generated clip.
 *
 * @param numFrames frames; 1 makes a picture
 * @param frameInterval as in training: the mp4 plays at {@code fps / frameInterval}, rounded down
 * @param fps what the model is conditioned on, in frames a second before {@code frameInterval}
 * @param imageSize asked size; the codec may cut it to a multiple of its factor
 * @param resolution name such as "240p" of a table of sizes; with {@code aspectRatio} it replaces {@code imageSize}
 * @param aspectRatio height to width, as "9:16" or as the label "0.56" of the table
 * @param aspectCondition which way round the model is conditioned on the aspect ratio: published weights are sampled as released,
 *     one's own better as trained
 */
public record VideoConfig(
        @Default("16") int numFrames,
        @Default("1") int frameInterval,
        @Default("24") int fps,
        @Default("[240, 426]") ImageSize imageSize,
        @Default("null") String resolution,
        @Default("null") String aspectRatio,
        @Default("as-released") AspectCondition aspectCondition)
        implements Section {
    private static final Pattern SIDES = Pattern.compile("([1-9][0-9]{0,3}):([1-9][0-9]{0,3})");
    private static final Pattern LABEL = Pattern.compile("[0-9]{1,2}(\\.[0-9]{1,6})?");
    /** Labels are rounded to hundredths. */
    private static final double LABEL_TOLERANCE = 0.0051;

    public VideoConfig {
        Check.atLeast("num_frames", numFrames, 1);
        Check.atLeast("frame_interval", frameInterval, 1);
        Check.that(fps >= frameInterval, "fps", fps, "at least frame_interval, which is " + frameInterval);
        Check.that(
                aspectRatio == null || resolution != null,
                "resolution",
                null,
                "a name such as 240p beside aspect_ratio, or image_size instead of both");
        Check.that(
                resolution == null || aspectRatio != null,
                "aspect_ratio",
                null,
                "height:width, such as \"9:16\", beside resolution");
        if (resolution != null) {
            sized(resolution, aspectRatio);
        }
    }

    /** The size asked for, in pixels. */
    public ImageSize size() {
        return resolution == null ? imageSize : sized(resolution, aspectRatio);
    }

    private static ImageSize sized(String resolution, String aspectRatio) {
        Resolution shapes;
        try {
            shapes = AspectRatios.predefined().require(resolution);
        } catch (InvalidInputException e) {
            throw new InvalidValueException("resolution", e);
        }
        double ratio = ratio(aspectRatio);
        AspectRatio nearest = null;
        for (AspectRatio shape : shapes.aspectRatios()) {
            if (nearest == null || Math.abs(shape.value() - ratio) < Math.abs(nearest.value() - ratio)) {
                nearest = shape;
            }
        }
        Check.that(
                Math.abs(nearest.value() - ratio) <= LABEL_TOLERANCE,
                "aspect_ratio",
                aspectRatio,
                "height:width of a shape of " + shapes.name() + ", which has the quotients "
                        + String.join(
                                ", ",
                                shapes.aspectRatios().stream()
                                        .map(AspectRatio::label)
                                        .toList()));
        return new ImageSize(nearest.height(), nearest.width());
    }

    private static double ratio(String text) {
        Matcher sides = SIDES.matcher(text);
        if (sides.matches()) {
            return Double.parseDouble(sides.group(1)) / Double.parseDouble(sides.group(2));
        }
        Check.that(LABEL.matcher(text).matches(), "aspect_ratio", text, "height:width, such as \"9:16\"");
        return Double.parseDouble(text);
    }
}
