// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;

class SparkSessionsTest {
    private static SparkConf shared(int tasks, String... settings) {
        SparkConf conf = new SparkConf(false);
        for (int i = 0; i < settings.length; i += 2) {
            conf.set(settings[i], settings[i + 1]);
        }
        SparkSessions.share(conf, tasks);
        return conf;
    }

    @Test
    void tasksShareTheCoresOfAnExecutor() {
        assertEquals("8", shared(1, "spark.executor.cores", "8").get("spark.task.cpus"));
        assertEquals("4", shared(2, "spark.executor.cores", "8").get("spark.task.cpus"));
        assertEquals("1", shared(2, "spark.executor.cores", "1").get("spark.task.cpus"));
        assertEquals("2", shared(2, "spark.master", "local-cluster[3,4,1024]").get("spark.task.cpus"));
        assertEquals(
                "3",
                shared(2, "spark.executor.cores", "8", "spark.task.cpus", "3").get("spark.task.cpus"));
        assertFalse(shared(2, "spark.executor.cores", "8").contains(TaskDevice.TASK_GPUS));
    }

    @Test
    void tasksShareEachGpuOfAnExecutor() {
        String[] one = {"spark.executor.cores", "8", TaskDevice.EXECUTOR_GPUS, "1"};
        assertEquals("1.0", shared(1, one).get(TaskDevice.TASK_GPUS));
        assertEquals("0.5", shared(2, one).get(TaskDevice.TASK_GPUS));
        assertEquals("4", shared(2, one).get("spark.task.cpus"));
        SparkConf two = shared(2, "spark.executor.cores", "8", TaskDevice.EXECUTOR_GPUS, "2");
        assertEquals("0.5", two.get(TaskDevice.TASK_GPUS));
        assertEquals("2", two.get("spark.task.cpus"));
    }
}
