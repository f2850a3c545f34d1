// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.error;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class OutcomeTest {
    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

    private int run(Outcome.Work work) {
        return Outcome.of(work, new PrintStream(printed, true, StandardCharsets.UTF_8));
    }

    private String printed() {
        return printed.toString(StandardCharsets.UTF_8);
    }

    @Test
    void nothingIsPrintedWhenAllGoesWell() {
        assertEquals(0, run(() -> {}));
        assertEquals("", printed());
    }

    @Test
    void errorsOfTheUserAreOneLineAndExitCodeTwo() {
        assertEquals(2, run(() -> {
            throw new UserError("Cannot read x: no such file. Give another.");
        }));
        assertEquals("sparkreel: Cannot read x: no such file. Give another." + System.lineSeparator(), printed());
    }

    @Test
    void refusalsOfTheModulesCountWhereverTheyStand() {
        assertEquals(2, run(() -> {
            throw new IllegalStateException(
                    "Job aborted",
                    new IOException(
                            new io.sparkreel.bucketing.InvalidInputException("Cannot assign: no bucket. Add one.")));
        }));
        assertEquals(2, run(() -> {
            throw new io.sparkreel.model.InvalidInputException("Cannot load: no weights. Give some.");
        }));
        assertEquals(
                "sparkreel: Cannot assign: no bucket. Add one." + System.lineSeparator()
                        + "sparkreel: Cannot load: no weights. Give some." + System.lineSeparator(),
                printed());
    }

    @Test
    void otherFailuresAreExitCodeOne() {
        IOException failure = new IOException("disk full\nat somewhere");
        failure.setStackTrace(new StackTraceElement[0]);
        assertEquals(1, run(() -> {
            throw failure;
        }));
        assertEquals("sparkreel: the job failed: java.io.IOException: disk full" + System.lineSeparator(), printed());
    }

    @Test
    void theLineNamesWhatAFailureCameFrom() {
        assertEquals(1, run(() -> {
            throw new IllegalStateException(
                    "Exception thrown in awaitResult:", new RuntimeException(new IOException("connection reset")));
        }));
        assertEquals(1, run(() -> {
            throw new Error("broken disk");
        }));
        assertEquals(
                "sparkreel: the job failed: java.lang.IllegalStateException: Exception thrown in awaitResult: Caused by"
                        + " java.io.IOException: connection reset" + System.lineSeparator()
                        + "sparkreel: the job failed: java.lang.Error: broken disk"
                        + System.lineSeparator(),
                printed());
    }

    @Test
    void textsOfOthersAndPasswordsDoNotReachTheTerminal() {
        assertEquals(2, run(() -> {
            throw new UserError("Cannot read 'a\u001b[31m\u202e' of s3a://key:secret@bucket. Give another.");
        }));
        assertEquals(
                "sparkreel: Cannot read 'a\\u001B[31m\\u202E' of s3a://***@bucket. Give another."
                        + System.lineSeparator(),
                printed());
    }
}
