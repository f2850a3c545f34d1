// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The sample clips of the quickstart and the small files of this module. */
public final class TestMedia {

    private TestMedia() {}

    public static Path clip(String name) {
        return Path.of(System.getProperty("project.root"), "conf/quickstart/clips", name);
    }

    public static byte[] bytes(String name) throws IOException {
        try (InputStream stream = TestMedia.class.getResourceAsStream("/media/" + name)) {
            return stream.readAllBytes();
        }
    }

    public static MediaSource small(String name) throws IOException {
        return MediaSource.of(bytes(name));
    }

    public static List<String> smallNames() {
        return List.of(
                "av1.mp4",
                "edit-list.mp4",
                "exif-rotated.jpg",
                "flash.flv",
                "fragmented.mp4",
                "hevc.mp4",
                "lying-header.avi",
                "matroska.mkv",
                "moving.gif",
                "moving.png",
                "mpeg4.avi",
                "plain.mp4",
                "program-stream.mpg",
                "rotated-90.mp4",
                "still.bmp",
                "still.gif",
                "still.jpg",
                "still.png",
                "still.tiff",
                "still.webp",
                "theora.ogg",
                "trailing-moov.mov",
                "transport-stream.ts",
                "variable-rate.mp4",
                "vp8.webm",
                "vp9.webm",
                "with-sound.mp4");
    }

    public static List<Path> clips() throws IOException {
        try (Stream<Path> files = Files.list(clip(""))) {
            return files.filter(file -> !file.toString().endsWith(".txt"))
                    .sorted()
                    .toList();
        }
    }
}
