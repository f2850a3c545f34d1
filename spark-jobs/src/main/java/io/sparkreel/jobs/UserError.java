// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

/**
 * A mistake the user can put right: it ends the job with one line on standard error and exit code 2. The message
 * follows the grammar "Cannot (do what): (what was found). (What to do)."
 */
public final class UserError extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public UserError(String message) {
        super(message);
    }

    public UserError(String message, Throwable cause) {
        super(message, cause);
    }
}
