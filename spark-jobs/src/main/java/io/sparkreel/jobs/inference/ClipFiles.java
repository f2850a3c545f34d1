// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import io.sparkreel.bucketing.media.PixelClip;
import io.sparkreel.bucketing.media.PixelImages;
import io.sparkreel.bucketing.media.VideoWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;

/** Writes generated clips: to this node first, then whole to where they belong. */
final class ClipFiles {
    private ClipFiles() {}

    /**
     * Writes an mp4, or a png of a clip of one frame.
     *
     * @param folder on any Hadoop file system
     * @param fps of an mp4
     * @return the uri of the file
     */
    static String write(Configuration hadoop, String folder, String name, PixelClip clip, int fps) throws IOException {
        Path scratch = Files.createTempDirectory("sparkreel-clip");
        Path local = scratch.resolve("clip" + name.substring(name.lastIndexOf('.')));
        try {
            if (clip.frames() == 1) {
                PixelImages.writePng(local, PixelImages.toRgb24(clip, 0), clip.width(), clip.height());
            } else {
                writeVideo(local, clip, fps);
            }
            return publish(hadoop, local, folder, name);
        } finally {
            Files.deleteIfExists(local);
            Files.delete(scratch);
        }
    }

    private static void writeVideo(Path file, PixelClip clip, int fps) throws IOException {
        VideoWriter writer = VideoWriter.mp4(file, clip.width(), clip.height(), fps);
        try {
            for (int frame = 0; frame < clip.frames(); frame++) {
                writer.write(PixelImages.toRgb24(clip, frame));
            }
            writer.close();
        } catch (IOException | RuntimeException e) {
            writer.abort();
            throw e;
        }
    }

    /** Under a hidden name first, so that nobody meets half a file. */
    private static String publish(Configuration hadoop, Path local, String folder, String name) throws IOException {
        org.apache.hadoop.fs.Path target = new org.apache.hadoop.fs.Path(folder, new org.apache.hadoop.fs.Path(null, null, name));
        org.apache.hadoop.fs.Path temporary = new org.apache.hadoop.fs.Path(
                folder, new org.apache.hadoop.fs.Path(null, null, "." + java.util.UUID.randomUUID() + ".tmp"));
        FileSystem files = target.getFileSystem(hadoop);
        files.copyFromLocalFile(new org.apache.hadoop.fs.Path(local.toUri()), temporary);
        files.delete(target, false);
        if (!files.rename(temporary, target)) {
            throw new IOException("cannot rename " + temporary + " to " + target);
        }
        return files.makeQualified(target).toString();
    }
}
