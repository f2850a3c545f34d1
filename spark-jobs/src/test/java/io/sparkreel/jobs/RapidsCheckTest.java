// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/** What of an explanation counts as not on GPU. */
class RapidsCheckTest {
    private static final String QUERY = """
            *Exec <ProjectExec> will run on GPU
              *Expression <Alias> CASE WHEN END AS x will run on GPU
            """;

    @Test
    void allLinesOnGpuIsNoProblem() {
        assertEquals(List.of(), RapidsCheck.problems("query", QUERY));
        assertEquals(
                List.of(),
                RapidsCheck.problems("write", QUERY + "*Output <InsertIntoHadoopFsRelationCommand> will run on GPU\n"));
    }

    @Test
    void whatStaysOnCpuIsListedAndSoIsTheBridge() {
        String udf = "!Exec <ProjectExec> cannot run on GPU because it is not an allowed UDF";
        String bridge = "*Expression <ArrayMin> will run on GPU via CPU bridge";
        String could = "@Expression <Alias> could run on GPU";
        assertEquals(
                List.of("query: " + udf, "query: " + bridge, "query: " + could),
                RapidsCheck.problems("query", QUERY + udf + "\n  " + bridge + "\n" + could + "\n" + could));
    }

    @Test
    void silenceIsAProblem() {
        assertEquals(List.of("query: RAPIDS did not explain it"), RapidsCheck.problems("query", ""));
        assertEquals(List.of("write: RAPIDS did not explain it"), RapidsCheck.problems("write", QUERY));
    }

    @Test
    void theConfigurationTellsWhatIsChecked() {
        String conf = BucketedMedia.ROOT.resolve("conf").toString();
        assertTrue(RapidsCheck.isCuration("--config", conf + "/curate/balanced.yaml"));
        assertTrue(RapidsCheck.isCuration("--set", "reject.dark=3", "--config=" + conf + "/curate/detect-only.yaml"));
        assertFalse(RapidsCheck.isCuration("--config", conf + "/bucketing/stage1.yaml"));
        assertFalse(RapidsCheck.isCuration("--config", conf + "/none.yaml"));
    }
}
