// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.bucketing.media.ClipReader;
import io.sparkreel.bucketing.media.MediaInfo;
import io.sparkreel.bucketing.media.MediaProbe;
import io.sparkreel.bucketing.media.MediaSource;
import io.sparkreel.bucketing.media.PictureRules;
import io.sparkreel.bucketing.media.ProbeOptions;
import io.sparkreel.bucketing.media.scale.FrameTransform;
import io.sparkreel.jobs.Launcher;
import io.sparkreel.jobs.config.inference.InferenceConfig;
import io.sparkreel.jobs.config.reader.ConfigLoader;
import io.sparkreel.jobs.parts.Components;
import io.sparkreel.model.autoencoder.LatentCodec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What the README shows: a video of every mode from a model that has learned something, that of the quickstart, which is
 * made first if target/quickstart has none.
 */
@Tag("slow")
class ModesIT {
    private static final Path ROOT = Path.of(System.getProperty("project.root"));
    private static final Path WORK = ROOT.resolve("target/modes-it");
    private static final Path RUN = ROOT.resolve("target/quickstart/run");
    private static final Path CLIPS = ROOT.resolve("conf/quickstart/clips");
    private static final Launcher LAUNCHER = new Launcher(ROOT, WORK);
    private static final int QUICKSTART_LIMIT_S = 3600;
    private static final int LIMIT_S = 900;
    private static final String TWO_EXECUTORS = "local-cluster[2,1,2048]";
    /** The codec of the quickstart drops fine detail, so nothing comes closer to a reference than this. */
    private static final double KEPT_DB = 18;
    /** To what the codec makes of a reference; the rest is h264. */
    private static final double DECODED_DB = 30;

    private static final double EDITED_DB = 12;

    @BeforeAll
    static void train() throws Exception {
        LAUNCHER.begin();
        if (!Files.exists(RUN)) {
            Launcher.assertDone(LAUNCHER.launch("quickstart", List.of(), Launcher.Incident.NONE, QUICKSTART_LIMIT_S));
        }
    }

    private static Path infer(String output, String master, String... more) throws Exception {
        Path folder = WORK.resolve(output);
        List<String> arguments = new ArrayList<>(List.of(
                "--master",
                master,
                "--executor-memory",
                "2048m",
                "--conf",
                "spark.ui.enabled=false",
                "--config",
                ROOT.resolve("conf/quickstart/inference.yaml").toString(),
                "--ckpt-path",
                RUN.toString(),
                "--save-dir",
                folder.toString()));
        arguments.addAll(List.of(more));
        Launcher.assertDone(LAUNCHER.launch("inference", arguments, Launcher.Incident.NONE, LIMIT_S));
        return folder;
    }

    /** The table of the README, with its references where they are. */
    private static String[] modes(String... more) throws Exception {
        String table = Files.readString(ROOT.resolve("conf/quickstart/modes.jsonl"))
                .replace("conf/quickstart/clips", CLIPS.toString());
        Path file = Files.writeString(WORK.resolve("modes.jsonl"), table);
        return Stream.concat(
                        Stream.of("--prompt-path", file.toString(), "--set", "local_references_in_tables=true"),
                        Stream.of(more))
                .toArray(String[]::new);
    }

    private static MediaInfo probe(Path file) throws Exception {
        try (MediaSource source = MediaSource.of(file)) {
            return MediaProbe.probe(source, ProbeOptions.DEFAULT);
        }
    }

    private static float[] frame(Path file, int index, int height, int width) throws Exception {
        MediaInfo info = probe(file);
        try (MediaSource source = MediaSource.of(file)) {
            return ClipReader.read(
                            source,
                            info.kind(),
                            new int[] {index < 0 ? info.numFrames() + index : index},
                            new ClipReader.Target(FrameTransform.RESIZE_CROP, height, width, PictureRules.SHOWN))
                    .values();
        }
    }

    /** Decibels between a frame of a clip and one of another file, cut as references are. Negative: from the end. */
    private static double psnr(Path clip, int index, Path other, int otherIndex) throws Exception {
        MediaInfo info = probe(clip);
        return psnr(
                frame(clip, index, info.height(), info.width()), frame(other, otherIndex, info.height(), info.width()));
    }

    /** As {@link #psnr(Path, int, Path, int)}, to what the codec makes of the other frame. */
    private static double psnrDecoded(Path clip, int index, Path other, int otherIndex) throws Exception {
        MediaInfo info = probe(clip);
        InferenceConfig config = ConfigLoader.load(
                        InferenceConfig.class, ROOT.resolve("conf/quickstart/inference.yaml"), List.of())
                .config();
        try (LatentCodec codec = Components.codec(config.vae(), null, null)) { // of wavelets: it has no weights
            float[] latent = codec.encode(
                    frame(other, otherIndex, info.height(), info.width()), 1, info.height(), info.width(), null);
            int factor = codec.geometry().spatialFactor();
            return psnr(
                    frame(clip, index, info.height(), info.width()),
                    codec.decode(latent, 1, info.height() / factor, info.width() / factor));
        }
    }

    private static double psnr(float[] a, float[] b) {
        double error = 0;
        for (int i = 0; i < a.length; i++) {
            error += Math.pow(clamped(a[i]) - clamped(b[i]), 2) / a.length;
        }
        return 10 * Math.log10(4 / error);
    }

    private static double clamped(float value) {
        return Math.max(-1, Math.min(1, value));
    }

    private static Map<String, byte[]> clips(Path folder) throws Exception {
        Map<String, byte[]> clips = new TreeMap<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(path -> path.toString().matches(".*\\.(mp4|png)"))
                    .toList()) {
                clips.put(file.getFileName().toString(), Files.readAllBytes(file));
            }
        }
        return clips;
    }

    @Test
    void everyModeDoesWhatItSays() throws Exception {
        Path two = infer("two", TWO_EXECUTORS, modes());
        Map<String, String> shapes = new TreeMap<>();
        for (String name : clips(two).keySet()) {
            MediaInfo info = probe(two.resolve(name));
            shapes.put(
                    name,
                    info.height() + "x" + info.width() + " " + info.numFrames()
                            + (info.numFrames() > 1 ? " at " + Math.round(info.fps()) : ""));
        }
        // A rate of fps // 6; of loops, loop * (num_frames - condition_frame_length) + condition_frame_length frames.
        assertEquals(
                Map.of(
                        "text-to-image.png",
                        "80x104 1",
                        "text-to-video.mp4",
                        "128x72 9 at 4",
                        "image-to-video.mp4",
                        "80x104 8 at 4",
                        "extending.mp4",
                        "72x128 16 at 4",
                        "connecting.mp4",
                        "72x128 12 at 5",
                        "editing.mp4",
                        "96x96 7 at 5",
                        "long.mp4",
                        "72x128 28 at 4",
                        "looping.mp4",
                        "72x128 15 at 4"),
                shapes);

        Map<String, Double> kept = new TreeMap<>();
        Map<String, Double> decoded = new TreeMap<>();
        record Kept(String clip, int frame, String reference, int of) {}
        for (Kept frame : List.of(
                new Kept("image-to-video", 0, "city-train.jpg", 0),
                new Kept("extending", 0, "dog-floor-pan.mp4", -4),
                new Kept("extending", 1, "dog-floor-pan.mp4", -3),
                new Kept("extending", 2, "dog-floor-pan.mp4", -2),
                new Kept("extending", 3, "dog-floor-pan.mp4", -1),
                new Kept("connecting", 0, "two-dogs-grass.jpg", 0),
                new Kept("connecting", -1, "two-dogs-grass-pan.mp4", -1))) {
            Path clip = two.resolve(frame.clip() + ".mp4");
            Path reference = CLIPS.resolve(frame.reference());
            kept.put(frame.clip() + " " + frame.frame(), psnr(clip, frame.frame(), reference, frame.of()));
            decoded.put(frame.clip() + " " + frame.frame(), psnrDecoded(clip, frame.frame(), reference, frame.of()));
        }
        decoded.put("looping -1", psnr(two.resolve("looping.mp4"), -1, two.resolve("looping.mp4"), 0));
        Map<String, Double> edited = new TreeMap<>();
        for (int i = 0; i < 7; i++) {
            edited.put("editing " + i, psnr(two.resolve("editing.mp4"), i, CLIPS.resolve("dog-doorway.mp4"), i));
        }
        System.out.println("PSNR of kept frames to their references " + kept + ", to what the codec makes of them "
                + decoded + ", of edited frames to their references " + edited);
        kept.forEach((name, decibels) -> assertTrue(decibels >= KEPT_DB, name + ": " + decibels));
        decoded.forEach((name, decibels) -> assertTrue(decibels >= DECODED_DB, name + ": " + decibels));
        edited.forEach((name, decibels) -> assertTrue(decibels >= EDITED_DB, name + ": " + decibels));

        Path one = infer("one", "local-cluster[1,1,2048]", modes());
        Map<String, byte[]> expected = clips(two);
        assertEquals(expected.keySet(), clips(one).keySet());
        expected.forEach((name, bytes) -> assertEquals(-1, mismatch(one, name, bytes), name));
        Path other = infer("other", TWO_EXECUTORS, modes("--seed", "7"));
        expected.forEach((name, bytes) -> assertNotEquals(-1, mismatch(other, name, bytes), name));
    }

    private static int mismatch(Path folder, String name, byte[] bytes) {
        try {
            return java.util.Arrays.mismatch(bytes, Files.readAllBytes(folder.resolve(name)));
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void batchesChangeLastDigitsOnly() throws Exception {
        String[] prompts = {
            "--prompt",
            "A train runs between tall buildings in a city.",
            "A white dog on the grass.",
            "A table with a red cloth.",
            "A black circuit board."
        };
        Path single = infer("single", TWO_EXECUTORS, prompts);
        Path batched = infer(
                "batched",
                TWO_EXECUTORS,
                Stream.concat(Stream.of("--batch-size", "4"), Stream.of(prompts))
                        .toArray(String[]::new));
        for (int clip = 0; clip < 4; clip++) {
            for (int i = 0; i < 8; i++) {
                double decibels = psnr(
                        single.resolve("sample_" + clip + ".mp4"), i, batched.resolve("sample_" + clip + ".mp4"), i);
                assertTrue(decibels >= 40, "clip " + clip + ", frame " + i + ": " + decibels);
            }
        }
    }
}
