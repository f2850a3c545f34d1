// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import io.sparkreel.bucketing.InvalidInputException;
import io.sparkreel.bucketing.media.scale.FrameScaler;
import io.sparkreel.bucketing.media.scale.FrameTransform;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bytedeco.ffmpeg.avutil.AVFrame;

/**
 * Reads frames of a clip as the model wants them: turned upright, brought to the size of the
 * bucket, in [-1, 1]. Decodes on the calling thread.
 */
public final class ClipReader {

    private ClipReader() {}

    /**
     * Reads chosen frames and decodes no further than the last of them.
     *
     * @param kind decides the way of scaling; an image has the one frame 0
     * @param frameIndices positions in display order, from 0, in the order wanted
     * @param height target height in pixels
     * @param width target width in pixels
     * @return the frames, in the order of {@code frameIndices}
     * @throws MediaException when the file is damaged or has fewer frames
     * @throws IOException when the storage fails
     * @throws InvalidInputException when no frame, a negative one or an impossible size is asked for
     */
    public static PixelClip read(
            MediaSource source, MediaKind kind, int[] frameIndices, FrameTransform transform, int height, int width)
            throws MediaException, IOException {
        if (frameIndices.length == 0 || Arrays.stream(frameIndices).min().getAsInt() < 0) {
            throw new InvalidInputException(
                    "Cannot read frames: the indices are %s. Name at least one frame, counting from 0."
                            .formatted(Arrays.toString(frameIndices)));
        }
        transform.requireTarget(height, width);
        int frameValues = Math.multiplyExact(3, Math.multiplyExact(height, width));
        float[] values = new float[Math.multiplyExact(frameValues, frameIndices.length)];
        int last = Arrays.stream(frameIndices).max().getAsInt();
        try (NativeInput input = NativeInput.open(source);
                FrameDecoder decoder = FrameDecoder.open(input);
                Pictures pictures = new Pictures(input, kind, transform, height, width)) {
            for (int index = 0; index <= last; index++) {
                AVFrame frame = decoder.next();
                if (frame == null) {
                    throw new MediaException(
                            index == 0 ? MediaProblem.NO_FRAMES : MediaProblem.TRUNCATED,
                            "frame %d was asked for, %d can be decoded".formatted(last, index));
                }
                int first = -1;
                for (int slot = 0; slot < frameIndices.length; slot++) {
                    if (frameIndices[slot] != index) {
                        continue;
                    }
                    if (first < 0) {
                        pictures.scale(frame, values, slot * frameValues);
                        first = slot;
                    } else {
                        System.arraycopy(values, first * frameValues, values, slot * frameValues, frameValues);
                    }
                }
            }
        }
        return new PixelClip(values, frameIndices.length, height, width);
    }

    /**
     * Reads every frame, for a cache of decoded clips.
     *
     * @param maxBytes most memory the frames may take, at 4 bytes a value
     * @return all frames; empty when they would take more than {@code maxBytes}
     * @throws MediaException when the file is damaged or has no frame
     * @throws IOException when the storage fails
     * @throws InvalidInputException when the size is impossible
     */
    public static Optional<PixelClip> readAll(
            MediaSource source, MediaKind kind, FrameTransform transform, int height, int width, long maxBytes)
            throws MediaException, IOException {
        transform.requireTarget(height, width);
        int frameValues = Math.multiplyExact(3, Math.multiplyExact(height, width));
        // An array has fewer than 2^31 entries, however much memory there is.
        long maxFrames = Math.min(maxBytes / Float.BYTES, Integer.MAX_VALUE - 8L) / frameValues;
        List<float[]> frames = new ArrayList<>();
        try (NativeInput input = NativeInput.open(source);
                FrameDecoder decoder = FrameDecoder.open(input);
                Pictures pictures = new Pictures(input, kind, transform, height, width)) {
            for (AVFrame frame = decoder.next(); frame != null; frame = decoder.next()) {
                if (frames.size() >= maxFrames) {
                    return Optional.empty();
                }
                float[] values = new float[frameValues];
                pictures.scale(frame, values, 0);
                frames.add(values);
                if (kind == MediaKind.IMAGE) {
                    break;
                }
            }
        }
        if (frames.isEmpty()) {
            throw new MediaException(MediaProblem.NO_FRAMES, "not one frame can be decoded");
        }
        float[] values = new float[frameValues * frames.size()];
        for (int i = 0; i < frames.size(); i++) {
            System.arraycopy(frames.get(i), 0, values, i * frameValues, frameValues);
        }
        return Optional.of(new PixelClip(values, frames.size(), height, width));
    }

    /** Converts and scales the frames of one clip. */
    private static final class Pictures implements AutoCloseable {

        private final MediaKind kind;
        private final FrameTransform transform;
        private final int targetHeight;
        private final int targetWidth;
        private final RgbConverter converter;
        private FrameScaler scaler;
        private boolean[] rows;
        private int height;
        private int width;

        Pictures(NativeInput input, MediaKind kind, FrameTransform transform, int targetHeight, int targetWidth) {
            this.kind = kind;
            this.transform = transform;
            this.targetHeight = targetHeight;
            this.targetWidth = targetWidth;
            this.converter = new RgbConverter(
                    kind == MediaKind.IMAGE ? Orientation.UPRIGHT : Orientation.of(input.displayMatrix()));
        }

        void scale(AVFrame frame, float[] target, int offset) throws MediaException {
            converter.prepare(frame);
            if (scaler == null || height != converter.height() || width != converter.width()) {
                height = converter.height();
                width = converter.width();
                scaler = kind == MediaKind.IMAGE
                        ? transform.imageScaler(height, width, targetHeight, targetWidth)
                        : transform.videoScaler(height, width, targetHeight, targetWidth);
                rows = scaler.rows();
            }
            byte[] rgb = converter.convert(frame, rows);
            scaler.scale(rgb, target, offset);
        }

        @Override
        public void close() {
            converter.close();
        }
    }
}
