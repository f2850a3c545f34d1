// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.report;

import io.sparkreel.bucketing.media.MediaException;
import io.sparkreel.bucketing.media.MediaKind;
import io.sparkreel.bucketing.media.PictureRules;
import io.sparkreel.bucketing.media.crash.CrashGuard;
import io.sparkreel.bucketing.media.range.Excerpt;
import io.sparkreel.bucketing.report.Thumbnail;
import io.sparkreel.jobs.dataset.ClipParts;
import io.sparkreel.jobs.storage.HadoopMediaSource;
import io.sparkreel.jobs.storage.OpenMedia;
import java.io.IOException;
import java.io.Serializable;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;

/** Makes pictures of clips in the executors. */
public final class ThumbnailTask implements Serializable {
    private static final long serialVersionUID = 1L;

    private final Broadcast<SerializableConfiguration> configuration;
    private final PictureRules rules;
    private final String job;

    public ThumbnailTask(Broadcast<SerializableConfiguration> configuration, PictureRules rules, String job) {
        this.configuration = configuration;
        this.rules = rules;
        this.job = job;
    }

    /**
     * A picture that is wanted, or made.
     *
     * @param jpeg null where it is not made yet, or cannot be
     */
    public record Picture(
            String bucket, String uri, Excerpt part, String kind, long bytes, int height, int width, byte[] jpeg)
            implements Serializable {}

    @SuppressWarnings("try") // the opening is held, not used
    public Picture call(Picture wanted) throws IOException {
        String part = ClipParts.text(wanted.part());
        String name = "thumbnail of " + wanted.uri() + (part == null ? "" : " " + part);
        try (CrashGuard guard = OpenMedia.guard(job)) {
            if (guard.isKnownToCrash(name)) {
                return wanted;
            }
            try (CrashGuard.Opening opening = guard.enter(name);
                    HadoopMediaSource source =
                            HadoopMediaSource.open(configuration.value().value(), wanted.uri(), wanted.bytes())) {
                byte[] jpeg = Thumbnail.jpeg(
                        source,
                        MediaKind.fromTableValue(wanted.kind()),
                        wanted.part(),
                        wanted.height(),
                        wanted.width(),
                        rules);
                return new Picture(
                        wanted.bucket(),
                        wanted.uri(),
                        wanted.part(),
                        wanted.kind(),
                        wanted.bytes(),
                        wanted.height(),
                        wanted.width(),
                        jpeg);
            } catch (MediaException | IOException e) {
                return wanted;
            }
        }
    }
}
