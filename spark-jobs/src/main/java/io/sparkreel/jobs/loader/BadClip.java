// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.loader;

import io.sparkreel.bucketing.media.MediaException;
import io.sparkreel.bucketing.media.MediaProblem;
import io.sparkreel.jobs.plan.ClipRef;
import java.io.IOException;
import java.io.Serializable;

/** A clip that failed to decode: a row for the quarantine. */
public record BadClip(long clipId, String uri, String reason, String detail) implements Serializable {
    /**
     * Tells a clip that cannot be read from any other failure, which is thrown on.
     *
     * @param failure what reading the clip ended with
     */
    public static BadClip of(ClipRef clip, Throwable failure) {
        if (failure instanceof MediaException media) {
            return new BadClip(clip.id(), clip.uri(), media.problem().tableValue(), media.detail());
        } else if (failure instanceof IOException) {
            return new BadClip(clip.id(), clip.uri(), MediaProblem.READ_ERROR.tableValue(), failure.toString());
        }
        throw new IllegalStateException("cannot decode " + clip.uri(), failure);
    }
}
