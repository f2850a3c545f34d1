// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model;

/**
 * Input that a person gave and has to change: a configuration value, a checkpoint, a prompt. The message is one line
 * of the form "Cannot do X: what was found. What to do."
 */
public final class InvalidInputException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public InvalidInputException(String message) {
        super(message);
    }
}
