// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.loader;

import io.sparkreel.bucketing.media.MediaException;
import io.sparkreel.bucketing.media.MediaProblem;
import io.sparkreel.jobs.dataset.ClipParts;
import io.sparkreel.jobs.error.Reasons;
import io.sparkreel.jobs.plan.ClipRef;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.Serializable;

/**
 * A clip that failed to decode: a row for the quarantine.
 *
 * @param part what of the file the clip is, as text; null: all of it
 */
public record BadClip(long clipId, String uri, String part, String reason, String detail) implements Serializable {
    /** As in the table of a bucketing run. */
    private static final String MISSING_FILE = "missing_file";

    /**
     * Tells a clip that cannot be read from any other failure, which is thrown on.
     *
     * @param failure what reading the clip ended with
     */
    public static BadClip of(ClipRef clip, Throwable failure) {
        String part = ClipParts.text(clip.part());
        if (failure instanceof MediaException media) {
            return new BadClip(clip.id(), clip.uri(), part, media.problem().tableValue(), media.detail());
        } else if (failure instanceof FileNotFoundException) {
            return new BadClip(clip.id(), clip.uri(), part, MISSING_FILE, "there is no such file");
        } else if (failure instanceof IOException) {
            return new BadClip(clip.id(), clip.uri(), part, MediaProblem.READ_ERROR.tableValue(), failure.toString());
        }
        throw new IllegalStateException("cannot decode " + clip.uri(), failure);
    }

    /** Counts this clip among the others by its reason. */
    public void countIn(Reasons reasons) {
        String name = part == null ? uri : uri + " " + part;
        reasons.add(reason, detail == null ? name : name + ": " + detail);
    }

    /** What to do about the commonest of the reasons: the last sentences of a job's last line. */
    public static String advice(Reasons reasons) {
        String commonest = reasons.isEmpty() ? "" : reasons.commonest();
        if (commonest.equals(MISSING_FILE)) {
            return "Put the files back to where they were when they were bucketed, or bucket them where they are now.";
        } else if (commonest.equals(MediaProblem.READ_ERROR.tableValue())) {
            return "See that the storage can be read from all executors, and start the job again.";
        }
        return "Bucket the data again with verify: full, or raise max_bad_clips.";
    }
}
