// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.RDD;
import scala.collection.Iterator;
import scala.reflect.ClassTag$;
import scala.runtime.AbstractFunction1;

/** Runs the ranks of an attempt as one barrier stage, a task for each. */
final class BarrierAttempt {
    private BarrierAttempt() {}

    /** Scala's function of a partition. */
    private static final class RankFunction extends AbstractFunction1<Iterator<Integer>, Iterator<RankResult>>
            implements Serializable {
        private static final long serialVersionUID = 1L;
        private final RankTask task;

        RankFunction(RankTask task) {
            this.task = task;
        }

        @Override
        public Iterator<RankResult> apply(Iterator<Integer> partition) {
            try {
                RankResult result = new RankThread(task, BarrierTaskContext.get()).run();
                return scala.jdk.javaapi.CollectionConverters.asScala(
                        List.of(result).iterator());
            } catch (java.io.IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }
    }

    /** Returns what the ranks report, by rank. */
    static List<RankResult> run(JavaSparkContext spark, int ranks, RankTask task) {
        RDD<Integer> partitions = spark.parallelize(
                        IntStream.range(0, ranks).boxed().toList(), ranks)
                .rdd();
        RDD<RankResult> results = partitions
                .barrier()
                .mapPartitions(new RankFunction(task), false, ClassTag$.MODULE$.apply(RankResult.class));
        return Arrays.asList((RankResult[]) results.collect());
    }
}
