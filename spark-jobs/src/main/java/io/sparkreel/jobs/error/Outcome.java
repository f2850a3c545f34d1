// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.error;

import io.sparkreel.model.ForeignText;
import java.io.PrintStream;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/** How a program ends: its exit code, and one line on standard error where it did not end well. */
public final class Outcome {
    /** All went well. */
    public static final int DONE = 0;
    /** A failure that is not the user's. */
    public static final int FAILED = 1;
    /** A mistake that the user can put right. */
    public static final int USER_ERROR = 2;
    /** What a shell tells of a process that SIGTERM has ended. */
    public static final int STOPPED = 143;

    private static final Logger LOG = LogManager.getLogger(Outcome.class);

    private Outcome() {}

    /** Work that may fail in any way. */
    public interface Work {
        /** Does it. */
        void run() throws Exception;
    }

    /**
     * Runs work and says in one line how it failed: exit code 2 for an error of the user's, without a stack trace;
     * exit code 1 for any other, with the stack trace in the log; exit code 143 where it was stopped.
     *
     * @return the exit code
     */
    public static int of(Work work, PrintStream errors) {
        try {
            work.run();
            return DONE;
        } catch (Stopped e) {
            errors.println("sparkreel: " + oneLine(e.getMessage()));
            return STOPPED;
        } catch (Exception | Error e) {
            Throwable mistake = UserError.in(e);
            if (mistake != null) {
                errors.println("sparkreel: " + oneLine(mistake.getMessage()));
                return USER_ERROR;
            }
            LOG.error("The job failed.", e);
            errors.println("sparkreel: the job failed: " + withCause(e));
            return FAILED;
        }
    }

    /** A failure, and what it came from where it does not say that itself. */
    private static String withCause(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        String told = oneLine(failure.toString());
        String cause = oneLine(root.toString());
        return told.contains(cause) ? told : told + " Caused by " + cause;
    }

    private static String oneLine(String text) {
        String line = text.lines().findFirst().orElse("");
        return ForeignText.line(line.strip());
    }
}
