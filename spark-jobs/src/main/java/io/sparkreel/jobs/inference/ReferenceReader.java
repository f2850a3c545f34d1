// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import io.sparkreel.bucketing.media.ClipReader;
import io.sparkreel.bucketing.media.MediaException;
import io.sparkreel.bucketing.media.MediaInfo;
import io.sparkreel.bucketing.media.MediaProbe;
import io.sparkreel.bucketing.media.MediaProblem;
import io.sparkreel.bucketing.media.MediaSource;
import io.sparkreel.bucketing.media.PictureRules;
import io.sparkreel.bucketing.media.PixelClip;
import io.sparkreel.bucketing.media.ProbeOptions;
import io.sparkreel.bucketing.media.crash.CrashGuard;
import io.sparkreel.bucketing.media.range.Excerpt;
import io.sparkreel.bucketing.media.scale.FrameTransform;
import io.sparkreel.jobs.config.inference.ConditioningConfig;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.storage.HadoopMediaSource;
import io.sparkreel.jobs.storage.Names;
import io.sparkreel.jobs.storage.OpenMedia;
import io.sparkreel.model.ForeignText;
import java.io.FileNotFoundException;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/**
 * Reads the pictures and clips that prompts are conditioned on. One over which a process died is not opened again: the
 * decoder is native code, and the rows of other prompts would go down with it.
 */
final class ReferenceReader implements AutoCloseable {
    private static final long MIB = 1L << 20;
    private static final String FOLDER = "it is a folder";

    private final Configuration hadoop;
    private final long mostBytes;
    private final WebFile web;
    private final CrashGuard guard;

    /** @param output where the run's clips go; all runs into it on one node know of each other's crashes */
    ReferenceReader(Configuration hadoop, ConditioningConfig config, String output) throws IOException {
        this.hadoop = hadoop;
        mostBytes = config.referenceMaxMib() * MIB;
        web = new WebFile(config.referenceHosts(), mostBytes, config.referenceTimeoutS());
        guard = OpenMedia.guard(output);
    }

    /** Work of the native decoder. */
    private interface Decoding<T> {
        T run() throws MediaException, IOException;
    }

    /** An opened reference. */
    final class Reference implements AutoCloseable {
        private final String uri;
        private final String state;
        private final MediaSource source;
        private final Excerpt part;
        private final MediaInfo info;
        private final int frames;

        /** @param state changes with the file's content */
        private Reference(ReferencePart meant, String state, MediaSource source) throws MediaException, IOException {
            this.uri = meant.uri();
            this.part = meant.part();
            this.state = state;
            this.source = source;
            info = guarded(() -> MediaProbe.probe(source, ProbeOptions.DEFAULT));
            frames = meant.frames(info.numFrames());
        }

        private <T> T guarded(Decoding<T> decoding) throws MediaException, IOException {
            if (guard.isKnownToCrash(state)) {
                throw new MediaException(MediaProblem.NATIVE_CRASH, "a process died over it");
            }
            try (CrashGuard.Opening opening = guard.enter(state)) {
                return decoding.run();
            }
        }

        /** How many frames it has, or its part that is meant; 1 for a picture. */
        int frames() {
            return frames;
        }

        /**
         * Reads frames, scaled until they cover the size and cut to it.
         *
         * @throws PromptFailure if they cannot be decoded
         */
        PixelClip read(int[] frames, int height, int width) throws PromptFailure {
            try {
                return guarded(() -> ClipReader.read(
                        source,
                        info.kind(),
                        part,
                        frames,
                        new ClipReader.Target(FrameTransform.RESIZE_CROP, height, width, PictureRules.SHOWN)));
            } catch (MediaException | IOException e) {
                throw failure(uri, e);
            }
        }

        @Override
        public void close() throws IOException {
            source.close();
        }
    }

    /**
     * Opens a reference, or the part of it that is meant.
     *
     * @throws PromptFailure if there is no such file or part, it is too large, or no picture or video
     */
    Reference open(String uri) throws PromptFailure {
        try {
            ReferencePart meant = ReferencePart.of(uri);
            return ReferencePolicy.isWeb(uri) ? openFetched(meant) : openStored(meant);
        } catch (UserError e) {
            throw new PromptFailure(e.getMessage(), e);
        } catch (MediaException | IOException | IllegalArgumentException e) {
            throw failure(uri, e);
        }
    }

    private Reference openFetched(ReferencePart meant) throws MediaException, IOException {
        String uri = meant.uri();
        byte[] content = web.fetch(uri);
        return new Reference(meant, uri + " " + content.length, MediaSource.of(content));
    }

    private Reference openStored(ReferencePart meant) throws MediaException, IOException {
        String uri = meant.uri();
        Path path = Names.path(uri);
        FileStatus status = path.getFileSystem(hadoop).getFileStatus(path);
        if (!status.isFile()) {
            throw new FileNotFoundException(FOLDER);
        }
        if (status.getLen() > mostBytes) {
            throw new IOException("it has " + status.getLen() + " bytes, more than reference_max_mib allows");
        }
        MediaSource source = HadoopMediaSource.open(hadoop, uri, status.getLen());
        try {
            return new Reference(meant, uri + " " + status.getLen() + " " + status.getModificationTime(), source);
        } catch (MediaException | IOException | RuntimeException e) {
            source.close();
            throw e;
        }
    }

    private static PromptFailure failure(String uri, Exception cause) {
        String found = cause instanceof FileNotFoundException && !FOLDER.equals(cause.getMessage())
                ? "there is no such file"
                : cause.getMessage();
        return new PromptFailure(
                "Cannot use the reference '" + ForeignText.shown(uri) + "': " + found
                        + ". Give a picture or a video that can be read.",
                cause);
    }

    @Override
    public void close() throws IOException {
        guard.close();
    }
}
