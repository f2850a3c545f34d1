// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.quickstart;

import io.sparkreel.bucketing.media.ClipReader;
import io.sparkreel.bucketing.media.DecodedClip;
import io.sparkreel.bucketing.media.MediaException;
import io.sparkreel.bucketing.media.MediaInfo;
import io.sparkreel.bucketing.media.MediaKind;
import io.sparkreel.bucketing.media.MediaProbe;
import io.sparkreel.bucketing.media.MediaSource;
import io.sparkreel.bucketing.media.PictureRules;
import io.sparkreel.bucketing.media.PixelClip;
import io.sparkreel.bucketing.media.ProbeOptions;
import io.sparkreel.bucketing.media.range.Excerpt;
import io.sparkreel.bucketing.media.scale.FrameTransform;
import io.sparkreel.bucketing.media.write.PixelImages;
import io.sparkreel.bucketing.media.write.VideoWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A film like those that come from cameras and archives, joined from clips: with hard cuts, fades, black and frozen
 * stretches, and bars around pictures of another shape. What was put where is remembered.
 */
public final class RawFilm implements AutoCloseable {
    /** Frames a second. */
    public static final int FPS = 25;

    private static final int WIDTH = 640;
    private static final int HEIGHT = 360;
    private static final long MOST_BYTES = 1L << 30;

    private final VideoWriter writer;
    private final List<Piece> pieces = new ArrayList<>();
    private byte[] last = new byte[3 * WIDTH * HEIGHT];
    private int frames;

    private RawFilm(VideoWriter writer) {
        this.writer = writer;
    }

    /** Begins a film. */
    public static RawFilm at(Path file) throws IOException {
        return new RawFilm(VideoWriter.mp4(file, WIDTH, HEIGHT, FPS));
    }

    /**
     * A stretch of a film.
     *
     * @param name of the clip, or what the stretch is
     * @param start its first frame
     * @param end the frame after its last
     * @param width of the picture within bars, in pixels
     * @param height of the picture within bars, in pixels
     */
    public record Piece(String name, int start, int end, int width, int height) {
        /** Whether there are bars around it. */
        public boolean hasBars() {
            return width < WIDTH || height < HEIGHT;
        }
    }

    /** What the film is made of, in order. */
    public List<Piece> pieces() {
        return List.copyOf(pieces);
    }

    /** Adds all frames of a clip, between bars where it has another shape. */
    public void clip(Path clip, String name) throws IOException, MediaException {
        try (MediaSource source = MediaSource.of(clip)) {
            MediaInfo info = MediaProbe.probe(source, ProbeOptions.DEFAULT);
            double scale = Math.min((double) WIDTH / info.width(), (double) HEIGHT / info.height());
            add(clip, name, even(info.width() * scale), even(info.height() * scale));
        }
    }

    /** Adds all frames of a clip as a picture of this height, between bars above and below. */
    public void letterboxed(Path clip, String name, int height) throws IOException, MediaException {
        add(clip, name, WIDTH, height);
    }

    private static int even(double length) {
        return 2 * (int) Math.round(length / 2);
    }

    private void add(Path clip, String name, int width, int height) throws IOException, MediaException {
        ClipReader.Target target = new ClipReader.Target(FrameTransform.RESIZE_CROP, height, width, PictureRules.SHOWN);
        int start = frames;
        try (MediaSource source = MediaSource.of(clip)) {
            DecodedClip decoded = ClipReader.readAll(source, MediaKind.VIDEO, Excerpt.WHOLE, target, MOST_BYTES)
                    .orElseThrow();
            PixelClip pixels = decoded.frames();
            for (int frame = 0; frame < pixels.frames(); frame++) {
                write(framed(PixelImages.toRgb24(pixels, frame), width, height));
            }
        }
        pieces.add(new Piece(name, start, frames, width, height));
    }

    private static byte[] framed(byte[] rgb, int width, int height) {
        byte[] picture = new byte[3 * WIDTH * HEIGHT];
        int left = ((WIDTH - width) / 2) & ~1;
        int top = ((HEIGHT - height) / 2) & ~1;
        for (int row = 0; row < height; row++) {
            System.arraycopy(rgb, 3 * row * width, picture, 3 * ((top + row) * WIDTH + left), 3 * width);
        }
        return picture;
    }

    private void write(byte[] picture) throws IOException {
        writer.write(picture);
        last = picture;
        frames++;
    }

    /** Adds black frames. */
    public void black(int count) throws IOException {
        stretch("black", count, new byte[last.length], 1, 1);
    }

    /** Shows the last frame again. */
    public void frozen(int count) throws IOException {
        stretch("frozen", count, last, 1, 1);
    }

    /** Lets the last frame go dark. */
    public void fadeOut(int count) throws IOException {
        stretch("fade out", count, last, 1, 0);
    }

    private void stretch(String name, int count, byte[] picture, double from, double to) throws IOException {
        int start = frames;
        byte[] kept = picture.clone();
        for (int i = 1; i <= count; i++) {
            write(darkened(kept, from + (to - from) * i / count));
        }
        pieces.add(new Piece(name, start, frames, WIDTH, HEIGHT));
    }

    private static byte[] darkened(byte[] picture, double share) {
        if (share == 1) {
            return picture;
        }
        byte[] darker = new byte[picture.length];
        for (int i = 0; i < picture.length; i++) {
            darker[i] = (byte) Math.round((picture[i] & 0xff) * share);
        }
        return darker;
    }

    @Override
    public void close() throws IOException {
        writer.close();
    }
}
