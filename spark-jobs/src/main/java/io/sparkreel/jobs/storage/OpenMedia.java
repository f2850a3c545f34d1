// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.storage;

import io.sparkreel.bucketing.media.crash.CrashGuard;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.spark.TaskContext;

/** The marks of open media on this node, where they can be made. */
public final class OpenMedia {
    private static final Logger LOG = LogManager.getLogger(OpenMedia.class);
    private static final AtomicBoolean TOLD = new AtomicBoolean();

    private OpenMedia() {}

    /** The guard of a job; one without marks, and a warning once in each process, where no folder can be had. */
    public static CrashGuard guard(String job) {
        try {
            return CrashGuard.ofJob(job);
        } catch (IOException e) {
            if (TOLD.compareAndSet(false, true)) {
                LOG.warn(
                        "A file that crashes the decoder will not be known again, since no marks can be kept in"
                                + " java.io.tmpdir: {}",
                        e.toString());
            }
            return CrashGuard.withoutMarks();
        }
    }

    /** The guard of a job for the running task, at whose end it is closed. */
    public static CrashGuard guardOfTask(String job) {
        CrashGuard guard = guard(job);
        TaskContext.get().addTaskCompletionListener(context -> {
            try {
                guard.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        return guard;
    }
}
