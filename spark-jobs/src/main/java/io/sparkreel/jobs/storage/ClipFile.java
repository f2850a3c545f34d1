// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.storage;

import io.sparkreel.bucketing.media.PixelClip;
import io.sparkreel.bucketing.media.write.GifWriter;
import io.sparkreel.bucketing.media.write.PixelImages;
import io.sparkreel.bucketing.media.write.VideoWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A clip that is being written, frame after frame: to this node first, then whole to where it belongs. Nothing stays
 * of one that is closed without being published.
 */
public final class ClipFile implements AutoCloseable {
    private final HadoopStorage folder;
    private final String name;
    private final int height;
    private final int width;
    private final int fps;
    private final Path scratch;
    private final Path local;
    private VideoWriter video;
    private GifWriter animation;

    /**
     * @param folder where it belongs
     * @param name whose extension tells the format: mp4, gif, or png of one frame
     * @param fps of an mp4 or gif
     */
    public ClipFile(HadoopStorage folder, String name, int height, int width, int fps) throws IOException {
        this.folder = folder;
        this.name = name;
        this.height = height;
        this.width = width;
        this.fps = fps;
        scratch = Files.createTempDirectory("sparkreel-clip");
        local = scratch.resolve("clip" + name.substring(name.lastIndexOf('.')));
    }

    /** @param frame [3, height, width], in [-1, 1] or beyond */
    public void write(float[] frame) throws IOException {
        byte[] rgb = PixelImages.toRgb24(new PixelClip(frame, 1, height, width), 0);
        if (name.endsWith(".png")) {
            PixelImages.writePng(local, rgb, width, height);
        } else if (name.endsWith(".gif")) {
            if (animation == null) {
                animation = new GifWriter(local, width, height, fps);
            }
            animation.write(rgb);
        } else {
            if (video == null) {
                video = VideoWriter.mp4(local, width, height, fps);
            }
            video.write(rgb);
        }
    }

    /** Ends the clip after its last frame; it stays on this node. */
    public void finish() throws IOException {
        if (video != null) {
            video.close();
            video = null;
        }
        if (animation != null) {
            animation.close();
            animation = null;
        }
    }

    /** Where the clip is once it is published. */
    public String uri() {
        return folder.uri(name);
    }

    /** Removes what is in its place. */
    public void deleteOlder() throws IOException {
        folder.delete(name);
    }

    /** Finishes the clip and puts it in its place in one step. */
    public void publish() throws IOException {
        finish();
        folder.atomicPut(name, local);
    }

    @Override
    public void close() throws IOException {
        try {
            if (video != null) {
                video.abort();
            }
            if (animation != null) {
                animation.close();
            }
        } finally {
            Files.deleteIfExists(local);
            Files.delete(scratch);
        }
    }
}
