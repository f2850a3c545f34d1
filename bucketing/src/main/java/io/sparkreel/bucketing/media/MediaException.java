// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import java.util.Objects;

/** A file that cannot be used, and why. The job goes on without it. */
public final class MediaException extends Exception {

    private final MediaProblem problem;
    private final String detail;

    public MediaException(MediaProblem problem, String detail) {
        super(problem.tableValue() + ": " + detail);
        this.problem = Objects.requireNonNull(problem, "problem");
        this.detail = Objects.requireNonNull(detail, "detail");
    }

    public MediaProblem problem() {
        return problem;
    }

    /** One sentence for people. */
    public String detail() {
        return detail;
    }
}
