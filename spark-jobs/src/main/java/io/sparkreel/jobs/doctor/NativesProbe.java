// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.doctor;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import io.sparkreel.bucketing.media.ClipReader;
import io.sparkreel.bucketing.media.MediaInfo;
import io.sparkreel.bucketing.media.MediaProbe;
import io.sparkreel.bucketing.media.MediaSource;
import io.sparkreel.bucketing.media.PictureRules;
import io.sparkreel.bucketing.media.PixelClip;
import io.sparkreel.bucketing.media.ProbeOptions;
import io.sparkreel.bucketing.media.scale.FrameTransform;
import io.sparkreel.bucketing.media.write.VideoWriter;
import io.sparkreel.model.torch.Tensors;
import io.sparkreel.model.torch.Torch;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Loads each native library and computes something with it whose result is known. A main of its own, because a library
 * that does not fit may take its process down with it: see {@link NativesCheck}, which starts it.
 */
final class NativesProbe {
    static final String LIBTORCH = "libtorch";
    static final String FFMPEG = "ffmpeg";
    static final String TOKENIZER = "tokenizer";
    static final List<String> ALL = List.of(LIBTORCH, FFMPEG, TOKENIZER);
    /** Begins what is said about the GPU of an index. */
    static final String GPU = "gpu:";
    /** Begins the lines that count among those of the libraries themselves. */
    static final String MARK = "sparkreel-probe";

    private static final int FRAMES = 6;
    private static final int SIZE = 64;

    private NativesProbe() {}

    private interface Probe {
        String run() throws Exception;
    }

    /** @param arguments numbers of GPUs to compute on */
    public static void main(String[] arguments) {
        say(LIBTORCH, NativesProbe::libtorch);
        for (String gpu : arguments) {
            say(GPU + gpu, () -> gpu(Integer.parseInt(gpu)));
        }
        say(FFMPEG, NativesProbe::ffmpeg);
        say(TOKENIZER, NativesProbe::tokenizer);
        System.exit(0); // whatever threads the libraries have left
    }

    private static void say(String name, Probe probe) {
        String verdict = "ok";
        String text;
        try {
            text = probe.run();
        } catch (Throwable e) { // an unsatisfied link as well as any exception
            verdict = "fail";
            text = reason(e);
        }
        System.out.println(String.join("\t", MARK, name, verdict, text.replaceAll("\\s+", " ")));
        System.out.flush();
    }

    private static String reason(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null && cause.getCause() != cause) {
            cause = cause.getCause();
        }
        String what = cause.getMessage() == null
                ? ""
                : cause.getMessage().lines().findFirst().orElse("");
        return cause instanceof ClassNotFoundException || cause instanceof NoClassDefFoundError
                ? "its jar is missing: no class " + what.replace('/', '.')
                : cause instanceof IllegalStateException
                        ? what
                        : cause.getClass().getSimpleName() + " " + what;
    }

    private static String libtorch() throws IOException {
        String folder = System.getenv("PYTORCH_LIBRARY_PATH");
        String declared = System.getenv("PYTORCH_VERSION");
        if (declared != null && !declared.equals(Torch.VERSION)) {
            throw new IllegalStateException("PYTORCH_VERSION is " + declared);
        }
        if (folder != null) {
            if (!Files.isDirectory(Path.of(folder))) {
                throw new IllegalStateException("PYTORCH_LIBRARY_PATH is " + folder + ", which is no folder");
            }
            Optional<String> version = version(Path.of(folder));
            if (version.isPresent() && !version.get().replaceFirst("[+].*", "").equals(Torch.VERSION)) {
                throw new IllegalStateException("PYTORCH_LIBRARY_PATH holds libtorch " + version.get());
            }
        }
        Optional<String> problem = Torch.problem(Tensors.onHost());
        if (problem.isPresent()) {
            throw new IllegalStateException(problem.get());
        }
        return Torch.VERSION + (folder == null ? "" : " of " + folder);
    }

    /** What a distribution of libtorch, or PyTorch's Python package, says of itself beside its lib folder. */
    private static Optional<String> version(Path lib) throws IOException {
        Path home = lib.toAbsolutePath().normalize().getParent();
        Path archive = home.resolve("build-version");
        if (Files.isRegularFile(archive)) {
            return Optional.of(Files.readString(archive).strip());
        }
        Path wheel = home.resolve("version.py");
        if (Files.isRegularFile(wheel)) {
            Matcher matcher = Pattern.compile("__version__ = '([^']+)'").matcher(Files.readString(wheel));
            return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
        }
        return Optional.empty();
    }

    private static String gpu(int index) {
        Optional<String> problem = Torch.problem(Tensors.onGpu(index));
        if (problem.isPresent()) {
            throw new IllegalStateException(problem.get());
        }
        return "computes";
    }

    /** Writes a clip that gets brighter, and reads it. */
    private static String ffmpeg() throws Exception {
        Path folder = Files.createTempDirectory("sparkreel-doctor");
        Path file = folder.resolve("clip.mp4");
        try {
            try (VideoWriter writer = VideoWriter.mp4(file, SIZE, SIZE, FRAMES)) {
                for (int frame = 0; frame < FRAMES; frame++) {
                    byte[] rgb = new byte[3 * SIZE * SIZE];
                    Arrays.fill(rgb, (byte) (32 * (frame + 1)));
                    writer.write(rgb);
                }
            }
            try (MediaSource source = MediaSource.of(file)) {
                MediaInfo info = MediaProbe.probe(source, ProbeOptions.DEFAULT);
                PixelClip ends = ClipReader.read(
                        source,
                        info.kind(),
                        new int[] {0, FRAMES - 1},
                        new ClipReader.Target(FrameTransform.RESIZE_CROP, SIZE, SIZE, PictureRules.SHOWN));
                float gained = ends.values()[ends.values().length - 1] - ends.values()[0];
                if (info.numFrames() != FRAMES || gained < 0.5f) {
                    throw new IllegalStateException("it read " + info.numFrames() + " frames of the " + FRAMES
                            + " that it wrote, and a gain in brightness of " + gained);
                }
            }
        } finally {
            try (Stream<Path> files = Files.list(folder)) {
                for (Path left : files.toList()) {
                    Files.delete(left);
                }
            }
            Files.delete(folder);
        }
        return "writes and reads a clip";
    }

    private static String tokenizer() throws IOException {
        String json = """
                {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
                 "pre_tokenizer": {"type": "Whitespace"}, "post_processor": null, "decoder": null,
                 "model": {"type": "WordLevel", "vocab": {"[UNK]": 0, "a": 1, "dog": 2}, "unk_token": "[UNK]"}}
                """;
        long[] ids = Torch.unpackAlone("tokenizers", () -> {
            try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.newInstance(
                    new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)), Map.of())) {
                return tokenizer.encode("a dog barks").getIds();
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
        if (!Arrays.equals(ids, new long[] {1, 2, 0})) {
            throw new IllegalStateException("it encoded 'a dog barks' as " + Arrays.toString(ids));
        }
        return "encodes";
    }
}
