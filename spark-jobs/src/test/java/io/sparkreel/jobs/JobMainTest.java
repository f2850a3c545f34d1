// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class JobMainTest {
    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

    private String printed() {
        return printed.toString(StandardCharsets.UTF_8);
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
