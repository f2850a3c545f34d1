// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import ai.djl.Device;
import ai.djl.util.cuda.CudaUtils;
import com.sun.management.OperatingSystemMXBean;
import java.io.Serializable;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaSparkContext;
import scala.collection.Iterator;
import scala.reflect.ClassTag$;
import scala.runtime.AbstractFunction1;

/**
 * What an executor has to offer a rank.
 *
 * @param executor Spark's name of it
 * @param host where it is
 * @param spark its version of Spark
 * @param heap bytes that its heap may take
 * @param memory bytes of the machine, or of the container
 * @param gpu whether Spark gives the rank a GPU
 * @param computing bytes of what the rank computes in: the GPU's, else those of the machine
 */
record RankFacts(int rank, String executor, String host, String spark, long heap, long memory, boolean gpu,
        long computing)
        implements Serializable {
    private static final long serialVersionUID = 1L;

    /** Those of this process. */
    static RankFacts here(int rank) {
        SparkEnv env = SparkEnv.get();
        BarrierTaskContext context = BarrierTaskContext.get();
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        boolean gpu = context != null && context.resourcesJMap().containsKey("gpu");
        long memory = system.getTotalMemorySize();
        // A rank that Spark gives a GPU may still be told to compute on the host, where there may be no CUDA.
        long computing = gpu && CudaUtils.hasCuda() ? CudaUtils.getGpuMemory(Device.gpu(0)).getMax() : memory;
        return new RankFacts(rank, env.executorId(), env.blockManager().blockManagerId().host(),
                org.apache.spark.package$.MODULE$.SPARK_VERSION(), Runtime.getRuntime().maxMemory(), memory, gpu,
                computing);
    }

    /** Scala's function of a partition. */
    private static final class Look extends AbstractFunction1<Iterator<Integer>, Iterator<RankFacts>>
            implements Serializable {
        private static final long serialVersionUID = 1L;

        @Override
        public Iterator<RankFacts> apply(Iterator<Integer> partition) {
            return scala.jdk.javaapi.CollectionConverters.asScala(
                    List.of(here(BarrierTaskContext.get().partitionId())).iterator());
        }
    }

    /** Asks all ranks, in a barrier stage such as they train in. */
    static List<RankFacts> ofAll(JavaSparkContext context, int ranks) {
        var partitions = context.parallelize(IntStream.range(0, ranks).boxed().toList(), ranks).rdd();
        return Arrays.asList((RankFacts[]) partitions.barrier()
                .mapPartitions(new Look(), false, ClassTag$.MODULE$.<RankFacts>apply(RankFacts.class)).collect());
    }
}
