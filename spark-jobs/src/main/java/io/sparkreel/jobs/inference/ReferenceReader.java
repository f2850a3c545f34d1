// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import io.sparkreel.bucketing.media.ClipReader;
import io.sparkreel.bucketing.media.FrameTransform;
import io.sparkreel.bucketing.media.MediaException;
import io.sparkreel.bucketing.media.MediaInfo;
import io.sparkreel.bucketing.media.MediaProbe;
import io.sparkreel.bucketing.media.MediaSource;
import io.sparkreel.bucketing.media.PixelClip;
import io.sparkreel.bucketing.media.ProbeOptions;
import io.sparkreel.jobs.UserError;
import io.sparkreel.jobs.config.ConditioningConfig;
import io.sparkreel.jobs.storage.HadoopMediaSource;
import java.io.FileNotFoundException;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/** Reads the pictures and clips that prompts are conditioned on. */
final class ReferenceReader {
    private static final long MIB = 1L << 20;

    private final Configuration hadoop;
    private final long mostBytes;
    private final WebFile web;

    ReferenceReader(Configuration hadoop, ConditioningConfig config) {
        this.hadoop = hadoop;
        mostBytes = config.referenceMaxMib() * MIB;
        web = new WebFile(config.referenceHosts(), mostBytes, config.referenceTimeoutS());
    }

    /** An opened reference. */
    final class Reference implements AutoCloseable {
        private final String uri;
        private final MediaSource source;
        private final MediaInfo info;

        private Reference(String uri, MediaSource source) throws MediaException, IOException {
            this.uri = uri;
            this.source = source;
            info = MediaProbe.probe(source, ProbeOptions.DEFAULT);
        }

        /** How many frames it has; 1 for a picture. */
        int frames() {
            return info.numFrames();
        }

        /**
         * Reads frames, scaled until they cover the size and cut to it.
         *
         * @throws PromptFailure if they cannot be decoded
         */
        PixelClip read(int[] frames, int height, int width) throws PromptFailure {
            try {
                return ClipReader.read(source, info.kind(), frames, FrameTransform.RESIZE_CROP, height, width);
            } catch (MediaException | IOException e) {
                throw failure(uri, e);
            }
        }

        @Override
        public void close() throws IOException {
            source.close();
        }
    }

    /** @throws PromptFailure if there is no such file, it is too large, or no picture or video */
    Reference open(String uri) throws PromptFailure {
        try {
            MediaSource source = source(uri);
            try {
                return new Reference(uri, source);
            } catch (MediaException | IOException | RuntimeException e) {
                source.close();
                throw e;
            }
        } catch (UserError e) {
            throw new PromptFailure(e.getMessage(), e);
        } catch (MediaException | IOException e) {
            throw failure(uri, e);
        }
    }

    private MediaSource source(String uri) throws IOException {
        if (ReferencePolicy.isWeb(uri)) {
            return MediaSource.of(web.fetch(uri));
        }
        Path path = new Path(uri);
        FileStatus status = path.getFileSystem(hadoop).getFileStatus(path);
        if (!status.isFile()) {
            throw new FileNotFoundException("it is a folder");
        }
        if (status.getLen() > mostBytes) {
            throw new IOException("it has " + status.getLen() + " bytes, more than reference_max_mib allows");
        }
        return HadoopMediaSource.open(hadoop, uri, status.getLen());
    }

    private static PromptFailure failure(String uri, Exception cause) {
        String found = cause instanceof FileNotFoundException && !"it is a folder".equals(cause.getMessage())
                ? "there is no such file" : cause.getMessage();
        return new PromptFailure("Cannot use the reference '" + uri + "': " + found
                + ". Give a picture or a video that can be read.", cause);
    }
}
