// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.error;

/** A job was stopped by a signal or through Spark, and shut down in order: exit code 143. */
public final class Stopped extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public Stopped(String message) {
        super(message);
    }
}
