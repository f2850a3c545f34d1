// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.bucketing.media.ProbeOptions.FrameCount;
import io.sparkreel.bucketing.media.range.Excerpt;
import io.sparkreel.bucketing.media.scale.FrameTransform;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.bytedeco.ffmpeg.ffprobe;
import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Our numbers against those of {@code ffprobe -count_frames} on files that {@code ffmpeg} makes now, in every
 * container, and on those of the folder given by {@code -Dmedia.dir}. Skips itself where the tools are not installed.
 */
@Tag("slow")
class FfprobeTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long LIMIT_S = 120;
    private static final String PICTURES = "testsrc2=size=320x180:rate=25:duration=2";
    private static final String SOUND = "sine=frequency=440:duration=2.5";

    /** A file and how it is encoded from the pictures; what names AUDIO has sound, too. */
    private static final String[] ENCODED = {
        "plain.mp4 -c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 12",
        "bframes.mp4 -c:v libx264 -bf 3",
        "sound.mp4 AUDIO -c:v libx264 -preset ultrafast -c:a aac",
        "sound-first.mp4 AUDIO -map 1:a -map 0:v -c:v libx264 -preset ultrafast -c:a aac",
        "faststart.mp4 -c:v libx264 -preset ultrafast -movflags +faststart",
        "fragmented.mp4 -c:v libx264 -preset ultrafast -g 12 -movflags frag_keyframe+empty_moov",
        "fragments-after-samples.mp4 -c:v libx264 -preset ultrafast -g 12 -movflags frag_keyframe",
        "fragment-per-frame.mp4 -c:v libx264 -preset ultrafast -movflags frag_every_frame+empty_moov+default_base_moof",
        "cmaf.mp4 -c:v libx264 -preset ultrafast -g 12 -movflags cmaf+frag_keyframe+dash",
        "fragmented-sound.mp4 AUDIO -c:v libx264 -preset ultrafast -g 12 -c:a aac -movflags frag_keyframe+empty_moov",
        "fragmented.mov -c:v libx264 -preset ultrafast -g 12 -movflags frag_keyframe+empty_moov",
        "prores.mov -c:v prores_ks",
        "mjpeg.mov -c:v mjpeg -pix_fmt yuvj420p",
        "animation.mov -c:v qtrle",
        "timecode.mov -c:v mpeg4 -timecode 00:00:00:00",
        "hevc.mp4 -c:v libx265 -preset ultrafast -x265-params log-level=error",
        "vp9.mp4 -c:v libvpx-vp9 -cpu-used 8 -deadline realtime",
        "anamorphic.mp4 -c:v libx264 -preset ultrafast -aspect 4:3",
        "ntsc.mp4 -vf fps=30000/1001 -c:v libx264 -preset ultrafast",
        "late.mp4 -vf setpts=PTS+10/TB -c:v libx264 -preset ultrafast",
        "one.mp4 -frames:v 1 -c:v libx264",
        "two.mp4 -frames:v 2 -c:v libx264",
        "one.mkv -frames:v 1 -c:v libx264",
        "mobile.3gp -c:v libx264 -preset ultrafast",
        "vp8.webm -c:v libvpx -auto-alt-ref 1 -lag-in-frames 25 -cpu-used 5 -b:v 200k",
        "vp9.webm -c:v libvpx-vp9 -auto-alt-ref 1 -lag-in-frames 25 -cpu-used 5",
        "sound.webm AUDIO -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a libopus",
        "h264.mkv -c:v libx264 -bf 3",
        "lossless.mkv -c:v ffv1",
        "mpeg4.avi -c:v mpeg4",
        "bframes.avi -c:v mpeg4 -bf 2",
        "mjpeg.avi -c:v mjpeg -pix_fmt yuvj420p",
        "msmpeg4.avi -c:v msmpeg4",
        "raw.avi -c:v rawvideo -pix_fmt bgr24",
        "h264.avi -c:v libx264 -preset ultrafast",
        "sound.avi AUDIO -c:v mpeg4 -c:a mp3",
        "mpeg1.mpg -c:v mpeg1video",
        "mpeg2.mpg -c:v mpeg2video -bf 2",
        "sound.mpg AUDIO -c:v mpeg2video -c:a mp2",
        "interlaced.mpg -c:v mpeg2video -flags +ildct+ilme",
        "disc.vob -c:v mpeg2video -f vob",
        "h264.ts -c:v libx264 -bf 3",
        "sound.ts AUDIO -c:v libx264 -preset ultrafast -c:a aac",
        "mpeg2.ts -c:v mpeg2video",
        "hevc.ts -c:v libx265 -preset ultrafast -x265-params log-level=error",
        "interlaced.ts -c:v libx264 -flags +ilme+ildct -x264opts tff=1",
        "h264.m2ts -c:v libx264 -preset ultrafast",
        "theora.ogv -c:v libtheora",
        "sound.ogg AUDIO -c:v libtheora -c:a libvorbis",
        "moving.gif -vf scale=160:90",
        "still.gif -frames:v 1",
        "moving.png -frames:v 7 -f apng",
        "still.png -frames:v 1",
        "still.jpg -frames:v 1",
        "still.webp -frames:v 1",
        "still.bmp -frames:v 1",
        "variable.mp4 VARIABLE -c:v libx264 -preset ultrafast",
        "variable.mov VARIABLE -c:v mpeg4",
        "variable.mkv VARIABLE -c:v libx264 -preset ultrafast",
        "variable.ts VARIABLE -c:v libx264 -preset ultrafast",
        "variable.webm VARIABLE -c:v libvpx-vp9 -cpu-used 8 -deadline realtime",
    };

    /** Files made of others without encoding: name, source, options; SEEK begins between keyframes. */
    private static final String[] COPIED = {
        "rotated-90.mp4 plain.mp4 -metadata:s:v rotate=90",
        "rotated-180.mp4 plain.mp4 -metadata:s:v rotate=180",
        "rotated-270.mov plain.mp4 -metadata:s:v rotate=270",
        "rotated-fragmented.mp4 rotated-90.mp4 -movflags frag_keyframe+empty_moov",
        "rotated.mkv rotated-90.mp4",
        "edit-list.mp4 bframes.mp4 SEEK",
        "edit-list-sound.mp4 sound.mp4 SEEK",
    };

    /** Formats that are none of ours, such as a text, a sound file and its cover; and what cannot be decoded. */
    private static final Set<MediaProblem> NOT_OURS = EnumSet.of(
            MediaProblem.NOT_MEDIA,
            MediaProblem.NO_VIDEO_STREAM,
            MediaProblem.UNSUPPORTED_CODEC,
            MediaProblem.TOO_LARGE,
            MediaProblem.NO_SIZE,
            MediaProblem.NO_FRAMES,
            MediaProblem.DECODE_ERROR);

    /** Sizes as ffprobe gives them. */
    private static final PictureRules STORED = new PictureRules(
            PictureRules.SampleAspect.IGNORE, PictureRules.ImageOrientation.REFERENCE, PictureRules.Background.IGNORED);

    private static final ClipReader.Target SMALL =
            new ClipReader.Target(FrameTransform.RESIZE_CROP, 8, 8, PictureRules.SHOWN);

    private static final long MOST_BYTES = 1L << 30;

    @TempDir
    Path folder;

    @Test
    void filesMadeByFfmpeg() throws Exception {
        assumeTrue(isThere("ffmpeg") && isThere("ffprobe"), "ffmpeg and ffprobe are not installed");
        for (String line : ENCODED) {
            List<String> words = new ArrayList<>(List.of(line.split(" ")));
            String name = words.remove(0);
            List<String> command = new ArrayList<>(List.of("-f", "lavfi", "-i", PICTURES));
            if (words.remove("AUDIO")) {
                command.addAll(List.of("-f", "lavfi", "-i", SOUND));
            }
            if (words.remove("VARIABLE")) {
                command.addAll(List.of("-vf", "select='not(between(n,5,14))'", "-vsync", "vfr"));
            }
            command.addAll(words);
            ffmpeg(command, name);
        }
        for (String line : COPIED) {
            List<String> words = new ArrayList<>(List.of(line.split(" ")));
            String name = words.remove(0);
            String source = folder.resolve(words.remove(0)).toString();
            List<String> command = new ArrayList<>(words.remove("SEEK") ? List.of("-ss", "0.7") : List.of());
            command.addAll(List.of("-i", source, "-c", "copy"));
            command.addAll(words);
            ffmpeg(command, name);
        }
        compare(folder, ENCODED.length + COPIED.length);
    }

    @Test
    void filesOfOnesOwn() throws Exception {
        String given = System.getProperty("media.dir", "");
        assumeTrue(!given.isBlank(), "no -Dmedia.dir");
        assumeTrue(isThere("ffprobe"), "ffprobe is not installed");
        compare(Path.of(given), 1);
    }

    private void ffmpeg(List<String> options, String name) throws Exception {
        List<String> command = new ArrayList<>(List.of("ffmpeg", "-nostdin", "-v", "error", "-y"));
        command.addAll(options);
        command.add(folder.resolve(name).toString());
        run(command);
    }

    /** @param least files that must not be refused as none of ours */
    private static void compare(Path folder, int least) throws Exception {
        List<String> differences = new ArrayList<>();
        List<Path> refused = new ArrayList<>();
        List<Path> files;
        try (Stream<Path> walk = Files.walk(folder)) {
            files = walk.filter(Files::isRegularFile).sorted().toList();
        }
        for (Path file : files) {
            String ours;
            Optional<MediaProblem> problem = Optional.empty();
            try (MediaSource source = MediaSource.of(file)) {
                MediaInfo info = MediaProbe.probe(source, new ProbeOptions(FrameCount.EXACT, Verify.FULL, STORED));
                ours = describe(info);
                requireReadable(source, info);
                assertDoesNotThrow(
                        () -> MediaProbe.probe(source, new ProbeOptions(FrameCount.EXACT, Verify.EDGES, STORED)),
                        file::toString);
            } catch (MediaException exception) {
                if (NOT_OURS.contains(exception.problem())) {
                    refused.add(file.getFileName());
                    continue;
                }
                ours = exception.problem() + ": " + exception.detail();
                problem = Optional.of(exception.problem());
            }
            JsonNode stream = firstVideo(file);
            String theirs = stream == null ? "nothing" : describe(stream);
            boolean bothRefuse = problem.isPresent()
                    && (stream == null
                            || (problem.get() == MediaProblem.TRUNCATED && isCut(stream, ours))
                            || complains(file));
            if (!bothRefuse && !ours.equals(theirs)) {
                differences.add(folder.relativize(file) + ": ours " + ours + ", ffprobe " + theirs);
            }
        }
        assertTrue(differences.isEmpty(), () -> String.join("\n", differences));
        assertTrue(files.size() - refused.size() >= least, "refused " + refused);
    }

    /** The loader gives every frame that was counted. */
    private static void requireReadable(MediaSource source, MediaInfo info) throws MediaException, IOException {
        Optional<DecodedClip> all = ClipReader.readAll(source, info.kind(), Excerpt.WHOLE, SMALL, MOST_BYTES);
        if (all.isPresent()) {
            assertEquals(info.numFrames(), all.get().frames().frames());
            assertTrue(all.get().damaged().isEmpty() && all.get().end() == null);
        }
    }

    /**
     * Whether a file that is truncated to us is so to ffprobe: it reads fewer frames than the header names, one that is
     * there in part included, or where no header names them, as many as we can decode.
     */
    private static boolean isCut(JsonNode stream, String ours) {
        int read = stream.path("nb_read_frames").asInt();
        return read < stream.path("nb_frames").asInt() || ours.endsWith("; " + read + " frames can be decoded");
    }

    /** Whether ffprobe gives a picture and says that something is wrong with it. */
    private static boolean complains(Path file) throws Exception {
        Process process = new ProcessBuilder(
                        "ffprobe",
                        "-v",
                        "error",
                        "-count_frames",
                        "-show_entries",
                        "stream=nb_read_frames",
                        file.toString())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        byte[] said = process.getErrorStream().readAllBytes();
        assertTrue(process.waitFor(LIMIT_S, TimeUnit.SECONDS));
        return said.length > 0;
    }

    /** FFmpeg knows no orientation of a TIFF, which is turned here with every value of {@code orientation}. */
    private static String describe(MediaInfo info) {
        boolean tiff = info.codec().equals("tiff");
        boolean onItsSide = tiff && Math.abs(info.rotation()) == 90;
        return describe(
                info.codec(),
                onItsSide ? info.height() : info.width(),
                onItsSide ? info.width() : info.height(),
                tiff ? 0 : info.rotation(),
                info.numFrames());
    }

    /** Width and height as displayed. */
    private static String describe(JsonNode stream) {
        int rotation = 0;
        for (JsonNode side : stream.path("side_data_list")) {
            rotation = side.path("rotation").asInt(rotation);
        }
        boolean turned = Math.abs(rotation) == 90;
        return describe(
                stream.path("codec_name").asText(),
                stream.path(turned ? "height" : "width").asInt(),
                stream.path(turned ? "width" : "height").asInt(),
                rotation,
                stream.path("nb_read_frames").asInt());
    }

    private static String describe(String codec, int width, int height, int rotation, int frames) {
        return String.format(Locale.ROOT, "%s %dx%d turned %d, %d frames", codec, width, height, rotation, frames);
    }

    /** The first picture stream, null where there is none. */
    private static JsonNode firstVideo(Path file) throws Exception {
        JsonNode streams = JSON.readTree(run(List.of(
                        shippedFfprobe(),
                        "-v",
                        "quiet",
                        "-count_frames",
                        "-select_streams",
                        "v",
                        "-show_streams",
                        "-of",
                        "json",
                        file.toString())))
                .path("streams");
        return streams.isEmpty() ? null : streams.get(0);
    }

    private static boolean isThere(String tool) throws Exception {
        try {
            return run(List.of(tool, "-version"))
                    .startsWith(Path.of(tool).getFileName().toString());
        } catch (IOException exception) {
            return false;
        }
    }

    /** The ffprobe that comes with the decoders; it needs libraries of the system that they do not. */
    private static String shippedFfprobe() throws Exception {
        String shipped = Loader.load(ffprobe.class);
        return isThere(shipped) ? shipped : "ffprobe";
    }

    private static String run(List<String> command) throws Exception {
        Path output = Files.createTempFile("ffmpeg", ".txt");
        try {
            ProcessBuilder builder = new ProcessBuilder(command);
            Path tool = Path.of(command.get(0));
            if (tool.isAbsolute()) {
                builder.environment().put("LD_LIBRARY_PATH", tool.getParent().toString());
            }
            Process process = builder.redirectOutput(output.toFile())
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            assertTrue(process.waitFor(LIMIT_S, TimeUnit.SECONDS), () -> String.join(" ", command) + " did not end");
            assertFalse(command.get(0).equals("ffmpeg") && process.exitValue() != 0, () -> String.join(" ", command));
            return Files.readString(output, StandardCharsets.UTF_8);
        } finally {
            Files.delete(output);
        }
    }
}
