// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.sparkreel.jobs.storage.HadoopStorage;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;

class AttemptsTest {
    @Test
    void theAdviceAfterAStopWorks() throws Exception {
        HadoopStorage run = new HadoopStorage(new Configuration(), "/data/run");
        assertEquals(
                "Stopped on request. To resume from file:/data/run/epoch0-global_step2, give --load /data/run.",
                Attempts.stopped("file:/data/run/epoch0-global_step2", run).getMessage());
        assertEquals(
                "Stopped on request. Nothing was trained yet; start it again with the same command.",
                Attempts.stopped(null, run).getMessage());
    }
}
