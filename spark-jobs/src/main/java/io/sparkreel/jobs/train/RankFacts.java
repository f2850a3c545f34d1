// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

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
 */
record RankFacts(int rank, String executor, String host, String spark, long heap, long memory, boolean gpu)
        implements Serializable {
    private static final long serialVersionUID = 1L;

    /** Those of this process. */
    static RankFacts here(int rank) {
        SparkEnv env = SparkEnv.get();
        BarrierTaskContext context = BarrierTaskContext.get();
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        return new RankFacts(rank, env.executorId(), env.blockManager().blockManagerId().host(),
                org.apache.spark.package$.MODULE$.SPARK_VERSION(),
                Runtime.getRuntime().maxMemory(), system.getTotalMemorySize(),
                context != null && context.resourcesJMap().containsKey("gpu"));
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
