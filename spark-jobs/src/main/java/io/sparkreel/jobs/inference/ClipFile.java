// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import io.sparkreel.bucketing.media.PixelClip;
import io.sparkreel.bucketing.media.PixelImages;
import io.sparkreel.bucketing.media.VideoWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;

/**
 * A clip that is being written, frame after frame: to this node first, then whole to where it belongs. Nothing stays
 * of one that is closed without being published.
 */
final class ClipFile implements AutoCloseable {
    private final Configuration hadoop;
    private final String folder;
    private final String name;
    private final int height;
    private final int width;
    private final int fps;
    private final Path scratch;
    private final Path local;
    private VideoWriter video;
    private GifWriter animation;

    /**
     * @param folder on any Hadoop file system
     * @param name whose extension tells the format: mp4, gif, or png of one frame
     * @param fps of an mp4 or gif
     */
    ClipFile(Configuration hadoop, String folder, String name, int height, int width, int fps) throws IOException {
        this.hadoop = hadoop;
        this.folder = folder;
        this.name = name;
        this.height = height;
        this.width = width;
        this.fps = fps;
        scratch = Files.createTempDirectory("sparkreel-clip");
        local = scratch.resolve("clip" + name.substring(name.lastIndexOf('.')));
    }

    /** @param frame [3, height, width], in [-1, 1] or beyond */
    void write(float[] frame) throws IOException {
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

    /**
     * Finishes the clip and gives it its name.
     *
     * @return the uri of the file
     */
    String publish() throws IOException {
        if (video != null) {
            video.close();
            video = null;
        }
        if (animation != null) {
            animation.close();
            animation = null;
        }
        org.apache.hadoop.fs.Path target = child(name);
        org.apache.hadoop.fs.Path temporary = child("." + UUID.randomUUID() + ".tmp");
        FileSystem files = target.getFileSystem(hadoop);
        try {
            // Under a hidden name first, so that nobody meets half a file.
            files.copyFromLocalFile(new org.apache.hadoop.fs.Path(local.toUri()), temporary);
            files.delete(target, false);
            if (!files.rename(temporary, target)) {
                throw new IOException("cannot rename " + temporary + " to " + target);
            }
        } finally {
            files.delete(temporary, false);
        }
        return files.makeQualified(target).toString();
    }

    /** A name may have a colon, which a path in one text must not. */
    private org.apache.hadoop.fs.Path child(String file) {
        return new org.apache.hadoop.fs.Path(folder, new org.apache.hadoop.fs.Path(null, null, file));
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
