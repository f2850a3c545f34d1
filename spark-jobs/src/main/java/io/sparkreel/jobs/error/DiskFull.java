// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.error;

import java.util.List;

/** Failures for want of space, which starting again does not mend. */
public final class DiskFull {
    /** As Linux, its quotas and those of HDFS say it; Spark passes the failures of tasks on as text. */
    private static final List<String> SAID =
            List.of("No space left on device", "Disk quota exceeded", "DSQuotaExceededException");

    private DiskFull() {}

    /** Whether this is what a failure came from. */
    public static boolean isCauseOf(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            String text = cause.toString();
            if (SAID.stream().anyMatch(text::contains)) {
                return true;
            }
        }
        return false;
    }
}
