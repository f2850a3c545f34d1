// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.error;

/** A job was told to stop, by a signal or through Spark, and did so in good order: exit code 143. */
public final class Stopped extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public Stopped(String message) {
        super(message);
    }
}
