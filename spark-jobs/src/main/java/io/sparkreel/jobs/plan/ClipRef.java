// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.plan;

import io.sparkreel.bucketing.media.MediaKind;
import io.sparkreel.bucketing.media.range.Excerpt;
import io.sparkreel.jobs.dataset.ClipParts;
import java.io.Serializable;
import java.util.Locale;
import org.apache.spark.sql.Row;

/**
 * A clip as the tables of bucketing name it.
 *
 * @param id identity of the clip
 * @param uri where its file lies
 * @param part what of the file it is
 * @param kind video or image
 * @param bytes length of the file
 * @param frames of the clip
 * @param fps of the clip
 * @param caption its text, empty where it has none
 */
public record ClipRef(
        long id, String uri, Excerpt part, MediaKind kind, long bytes, int frames, double fps, String caption)
        implements Serializable {
    private static final long serialVersionUID = 1L;

    /** @param row of the clips or the shards */
    public static ClipRef of(Row row) {
        String caption = row.getAs("caption");
        return new ClipRef(
                row.<Long>getAs("clip_id"),
                row.getAs("uri"),
                ClipParts.of(row),
                kind(row.getAs("kind")),
                row.<Long>getAs("bytes"),
                row.<Integer>getAs("num_frames"),
                row.<Double>getAs("fps"),
                caption == null ? "" : caption);
    }

    static MediaKind kind(String column) {
        return MediaKind.valueOf(column.toUpperCase(Locale.ROOT));
    }
}
