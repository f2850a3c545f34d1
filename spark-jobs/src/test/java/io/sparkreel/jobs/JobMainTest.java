// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.jobs.error.UserError;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class JobMainTest {
    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

    private int run(JobMain.Work work) {
        return JobMain.run(work, new PrintStream(printed, true, StandardCharsets.UTF_8));
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

    /** However Spark or Hadoop pass it on. */
    @Test
    void aFullDiskIsToldWithThePlace() {
        PrintStream before = System.err;
        try {
            System.setErr(new PrintStream(printed, true, StandardCharsets.UTF_8));
            String config = System.getProperty("project.root") + "/conf/quickstart/bucketing.yaml";
            int code = JobMain.run(
                    JobCommand.BUCKETING,
                    new String[] {"--config", config, "--input", "/in", "--output", "/data/out"},
                    configuration -> {
                        throw new IllegalStateException(
                                "[TASK_WRITE_FAILED] Task failed while writing rows",
                                new IOException("No space left on device"));
                    });
            assertEquals(2, code);
        } finally {
            System.setErr(before);
        }
        assertEquals(
                "sparkreel: Cannot go on writing to /data/out: no space is left there or in Spark's local folders. Make"
                        + " room, and start it again with the same command." + System.lineSeparator(),
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

    @Test
    void helpRunsNoJob() {
        PrintStream before = System.out;
        try {
            System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
            assertEquals(0, JobMain.run(JobCommand.TRAINING, new String[] {"--help"}, configuration -> {
                throw new AssertionError("the job ran");
            }));
        } finally {
            System.setOut(before);
        }
        assertTrue(printed().startsWith("Usage: submit/train --config FILE"), printed());
    }
}
