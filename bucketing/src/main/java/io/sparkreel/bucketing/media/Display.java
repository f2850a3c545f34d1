// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import io.sparkreel.bucketing.media.PictureRules.ImageOrientation;
import io.sparkreel.bucketing.media.PictureRules.SampleAspect;
import io.sparkreel.bucketing.media.format.ImageTags;
import io.sparkreel.bucketing.media.scale.Size;
import java.io.IOException;
import org.bytedeco.ffmpeg.avutil.AVRational;

/**
 * How the stored pictures of one stream are shown: stretched in their stored axes, then turned.
 *
 * @param orientation how they are turned
 * @param aspectWidth width of one sample, in units of its height
 */
public record Display(Orientation orientation, double aspectWidth) {

    /** Aspects beyond this, either way, are taken for mistakes. */
    private static final double WIDEST = 4;

    static Display of(NativeInput input, PictureRules rules) throws IOException {
        return new Display(orientation(input, rules), aspect(input, rules));
    }

    private static Orientation orientation(NativeInput input, PictureRules rules) throws IOException {
        if (!input.isStillFormat()) {
            return Orientation.of(input.displayMatrix());
        }
        boolean turned = rules.orientation() == ImageOrientation.APPLY
                || (rules.orientation() == ImageOrientation.REFERENCE && input.isFormat("tiff_pipe"));
        return turned
                ? Orientation.ofExif(
                        ImageTags.read(input.source(), input.formatName()).orientation())
                : Orientation.UPRIGHT;
    }

    /** Of films alone: viewers of pictures take no notice of different resolutions of their axes. */
    private static double aspect(NativeInput input, PictureRules rules) throws IOException {
        boolean picture = input.isStillFormat() || input.isFormat("gif") || input.isFormat("apng");
        if (picture || rules.sampleAspect() == SampleAspect.IGNORE) {
            return 1;
        }
        AVRational ratio = input.sampleAspect();
        double aspect = ratio.num() <= 0 || ratio.den() <= 0 ? 1 : (double) ratio.num() / ratio.den();
        return aspect > WIDEST || aspect < 1 / WIDEST ? 1 : aspect;
    }

    /** This display, not turned. */
    Display upright() {
        return new Display(Orientation.UPRIGHT, aspectWidth);
    }

    /** Height as shown, of a picture of this stored size. */
    int height(int storedHeight, int storedWidth) {
        return orientation.swapAxes() ? stretchedWidth(storedWidth) : stretchedHeight(storedHeight);
    }

    /** Width as shown, of a picture of this stored size. */
    int width(int storedHeight, int storedWidth) {
        return orientation.swapAxes() ? stretchedHeight(storedHeight) : stretchedWidth(storedWidth);
    }

    /** Size as shown, of a picture of this size that is turned and not stretched yet. */
    Size shown(int width, int height) {
        return orientation.swapAxes()
                ? new Size(height(width, height), width(width, height))
                : new Size(height(height, width), width(height, width));
    }

    private int stretchedWidth(int width) {
        return aspectWidth > 1 ? (int) Math.round(width * aspectWidth) : width;
    }

    private int stretchedHeight(int height) {
        return aspectWidth < 1 ? (int) Math.round(height / aspectWidth) : height;
    }
}
