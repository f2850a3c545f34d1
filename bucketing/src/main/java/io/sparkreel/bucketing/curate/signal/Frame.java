// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

import io.sparkreel.bucketing.media.FootageReader;
import io.sparkreel.bucketing.media.MediaException;
import io.sparkreel.bucketing.media.scale.Plane;

/** The frame that a reader has come to, in the sizes that signals are taken of. Keeps its memory for the next frame. */
final class Frame {

    private final FootageReader reader;
    private final SignalOptions options;
    private int width;
    private int height;
    private LinearScaler toPicture;
    private LinearScaler toLuma;
    private LinearScaler toColour;
    private boolean[] pictureRows;
    private boolean[] lumaRows;
    private boolean[] colourRows;
    private Picture picture;
    private boolean pictureTaken;
    private int[] brightness;

    Frame(FootageReader reader, SignalOptions options) {
        this.reader = reader;
        this.options = options;
    }

    /** Takes the frame that the reader has come to. */
    void take() {
        pictureTaken = false;
        if (width == reader.width() && height == reader.height()) {
            return;
        }
        width = reader.width();
        height = reader.height();
        toPicture = LinearScaler.toLongSide(width, height, options.shotSize());
        toLuma = LinearScaler.toLongSide(width, height, options.signalSize());
        toColour = toLuma == null
                ? null
                : new LinearScaler((width + 1) / 2, (height + 1) / 2, halved(toLuma.width()), halved(toLuma.height()));
        pictureRows = toPicture == null ? null : toPicture.rowsOf(height);
        lumaRows = toLuma == null ? null : toLuma.rowsOf(height);
        colourRows = toColour == null ? null : toColour.rowsOf((height + 1) / 2);
        picture = toPicture == null ? new Picture(width, height) : new Picture(toPicture.width(), toPicture.height());
        brightness = new int[picture.pixels()];
    }

    private static int halved(int length) {
        return (length + 1) / 2;
    }

    private static void scale(Plane plane, LinearScaler scaler, int[] target) {
        if (scaler == null) {
            plane.pack(target);
        } else {
            scaler.scale(plane, target);
        }
    }

    /** The picture in which shots are found, valid until the next frame; it is made once. */
    Picture picture() throws MediaException {
        if (pictureTaken) {
            return picture;
        }
        pictureTaken = true;
        Plane[] bgr = reader.bgr(pictureRows);
        scale(bgr[0], toPicture, picture.blue());
        scale(bgr[1], toPicture, picture.green());
        scale(bgr[2], toPicture, picture.red());
        return picture;
    }

    /** The brightness of {@link #picture}, which must have been taken, as a grey picture; valid until the next call. */
    int[] grey() {
        picture.grey(brightness);
        return brightness;
    }

    /** The brightness of {@link #picture}, which must have been taken, as the Y of YUV; valid until the next call. */
    int[] pictureLuma() {
        picture.luma(brightness);
        return brightness;
    }

    /** Perceptual hash of the picture. */
    long phash() throws MediaException {
        return PerceptualHash.phash(PerceptualHash.grey(picture()), picture.width());
    }

    /**
     * Luma and the two planes of colour, which have half as many rows and columns.
     *
     * @param room planes that are no longer needed, whose memory is used where it fits; may be null
     */
    int[][] planes(int[][] room) throws MediaException {
        Plane[] yuv = reader.yuv(lumaRows, colourRows);
        int[][] planes = new int[3][];
        for (int i = 0; i < 3; i++) {
            LinearScaler scaler = i == 0 ? toLuma : toColour;
            int samples = scaler == null ? yuv[i].width() * yuv[i].height() : scaler.width() * scaler.height();
            planes[i] = room != null && room[i].length == samples ? room[i] : new int[samples];
            scale(yuv[i], scaler, planes[i]);
        }
        return planes;
    }

    /** Width of the first of {@link #planes}. */
    int lumaWidth() {
        return toLuma == null ? width : toLuma.width();
    }

    /** Luma at full size, valid until the next frame. */
    Plane luma() throws MediaException {
        return reader.luma();
    }
}
