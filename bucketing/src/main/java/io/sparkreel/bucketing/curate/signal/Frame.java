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
    private byte[] grey;
    private byte[] luma;

    Frame(FootageReader reader, SignalOptions options) {
        this.reader = reader;
        this.options = options;
    }

    /** Takes the frame that the reader has come to. */
    void take() throws MediaException {
        if (width != reader.width() || height != reader.height()) {
            width = reader.width();
            height = reader.height();
            toPicture = LinearScaler.toLongSide(width, height, options.shotSize());
            toLuma = LinearScaler.toLongSide(width, height, options.signalSize());
            toColour = toLuma == null
                    ? null
                    : new LinearScaler(
                            (width + 1) / 2, (height + 1) / 2, halved(toLuma.width()), halved(toLuma.height()));
            pictureRows = toPicture == null ? null : toPicture.rowsOf(height);
            lumaRows = toLuma == null ? null : toLuma.rowsOf(height);
            colourRows = toColour == null ? null : toColour.rowsOf((height + 1) / 2);
            picture =
                    toPicture == null ? new Picture(width, height) : new Picture(toPicture.width(), toPicture.height());
            grey = new byte[picture.pixels()];
            luma = new byte[picture.pixels()];
        }
        Plane[] bgr = reader.bgr(pictureRows);
        scale(bgr[0], toPicture, picture.blue());
        scale(bgr[1], toPicture, picture.green());
        scale(bgr[2], toPicture, picture.red());
        picture.grey(grey);
        picture.luma(luma);
    }

    private static int halved(int length) {
        return (length + 1) / 2;
    }

    private static void scale(Plane plane, LinearScaler scaler, byte[] target) {
        if (scaler == null) {
            plane.pack(target);
        } else {
            scaler.scale(plane, target);
        }
    }

    /** The picture in which shots are found. */
    Picture picture() {
        return picture;
    }

    /** Its brightness, as a grey picture. */
    byte[] grey() {
        return grey;
    }

    /** Its brightness, as the Y of YUV. */
    byte[] pictureLuma() {
        return luma;
    }

    /** Luma and the two planes of colour, which have half as many rows and columns. */
    byte[][] planes() throws MediaException {
        Plane[] yuv = reader.yuv(lumaRows, colourRows);
        byte[][] planes = new byte[3][];
        for (int i = 0; i < 3; i++) {
            LinearScaler scaler = i == 0 ? toLuma : toColour;
            planes[i] = new byte[scaler == null ? yuv[i].width() * yuv[i].height() : scaler.width() * scaler.height()];
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
