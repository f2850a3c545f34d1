// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.command;

import io.sparkreel.model.InvalidInputException;

/** The end of a program that runs without Spark. */
public final class Program {
    private static final int USER_ERROR = 2;

    private Program() {}

    /** Work that may fail. */
    public interface Work {
        /** Does it. */
        void run() throws Exception;
    }

    /** Runs work. What the user can put right ends the process with one line on standard error and exit code 2. */
    public static void run(Work work) throws Exception {
        try {
            work.run();
        } catch (InvalidInputException e) {
            System.err.println("sparkreel: " + e.getMessage());
            System.exit(USER_ERROR);
        }
    }
}
