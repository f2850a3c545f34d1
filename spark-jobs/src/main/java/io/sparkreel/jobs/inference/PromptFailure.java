// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

/** Why one prompt cannot be generated; the others can. */
final class PromptFailure extends Exception {
    private static final long serialVersionUID = 1L;

    PromptFailure(String message, Throwable cause) {
        super(message, cause);
    }
}
