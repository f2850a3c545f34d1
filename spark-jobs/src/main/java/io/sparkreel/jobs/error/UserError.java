// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.error;

import io.sparkreel.bucketing.InvalidInputException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A mistake the user can put right: it ends the job with one line on standard error and exit code 2. The message
 * follows the grammar "Cannot (do what): (what was found). (What to do)."
 */
public final class UserError extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** A failed barrier stage carries what its task threw as text alone. */
    private static final Pattern IN_TEXT = Pattern.compile("(?:" + Pattern.quote(UserError.class.getName()) + "|"
            + Pattern.quote(InvalidInputException.class.getName()) + "|"
            + Pattern.quote(io.sparkreel.model.InvalidInputException.class.getName()) + "): (Cannot [^\\n]*)");

    public UserError(String message) {
        super(message);
    }

    public UserError(String message, Throwable cause) {
        super(message, cause);
    }

    /** The user's mistake behind a failure, or null if it has another reason: Spark wraps what its tasks throw. */
    public static Throwable in(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof UserError
                    || cause instanceof InvalidInputException
                    || cause instanceof io.sparkreel.model.InvalidInputException) {
                return cause;
            }
            Matcher text = IN_TEXT.matcher(String.valueOf(cause.getMessage()));
            if (text.find()) {
                return new UserError(text.group(1), failure);
            }
        }
        return null;
    }
}
