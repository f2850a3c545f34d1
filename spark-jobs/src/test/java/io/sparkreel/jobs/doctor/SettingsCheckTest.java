// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.jobs.config.Device;
import java.io.IOException;
import java.net.ServerSocket;
import java.util.List;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsCheckTest {
    private static SparkConf conf(String settings) {
        SparkConf conf = new SparkConf(false);
        for (String setting : settings.split(" ")) {
            conf.set(setting.substring(0, setting.indexOf('=')), setting.substring(setting.indexOf('=') + 1));
        }
        return conf;
    }

    @Test
    void thisProcessWillDo() {
        assertEquals(Finding.Verdict.OK, SettingsCheck.jdk("jdk").verdict());
        assertEquals(Finding.Verdict.OK, SettingsCheck.spark("spark").verdict());
        assertEquals(
                Finding.Verdict.OK,
                SettingsCheck.disk("disk", new SparkConf(false), 0).verdict());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            spark.dynamicAllocation.enabled=true                   | Set spark.dynamicAllocation.enabled=false
            spark.speculation=true                                 | Set spark.speculation=false
            spark.executor.cores=2 spark.task.cpus=4               | spark.task.cpus is 4 and spark.executor.cores 2
            spark.plugins=com.nvidia.spark.SQLPlugin               | Use conf/spark/rapids.conf for bucketing alone
            """)
    void settingsThatNoBarrierStageStartsWith(String settings, String expected) {
        Finding finding = SettingsCheck.barrier(conf(settings));
        assertTrue(finding.isFailure() && finding.text().contains(expected), finding::line);
    }

    @Test
    void settingsThatABarrierStageStartsWith() {
        assertEquals(
                Finding.Verdict.OK,
                SettingsCheck.barrier(conf("spark.executor.cores=4 spark.task.cpus=4"))
                        .verdict());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            spark.task.resource.gpu.amount=1 spark.master=yarn     | AUTO | FAIL
            spark.master=yarn                                      | CUDA | FAIL
            spark.master=local[2]                                  | CUDA | OK
            spark.master=yarn                                      | AUTO | OK
            spark.master=yarn spark.executor.resource.gpu.amount=1 | CUDA | OK
            """)
    void gpusThatAreAskedForMustBeAssigned(String settings, Device device, Finding.Verdict expected) {
        assertEquals(expected, SettingsCheck.gpuSettings(conf(settings), device).verdict());
    }

    @Test
    void aPortThatIsTakenIsNamed() throws IOException {
        try (ServerSocket taken = new ServerSocket(0)) {
            SparkConf conf = conf("spark.driver.port=" + taken.getLocalPort() + " spark.ui.port=0");
            Finding finding = SettingsCheck.ports(conf);
            assertTrue(
                    finding.isFailure() && finding.text().contains("spark.driver.port " + taken.getLocalPort()),
                    finding::line);
            assertEquals(List.of("spark.driver.port"), SettingsCheck.takenPorts(conf));
        }
        Finding none = SettingsCheck.ports(new SparkConf(false));
        assertEquals("none set: any free ones are taken", none.text());
    }

    @Test
    void aFullDiskIsToldWithWhatToMove() {
        Finding finding = SettingsCheck.disk("disk", new SparkConf(false), 1e9);
        assertTrue(finding.isFailure() && finding.text().contains("move spark.local.dir"), finding::line);
    }
}
