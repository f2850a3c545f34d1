// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.spark;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.RDD;
import scala.collection.Iterator;
import scala.jdk.javaapi.CollectionConverters;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;
import scala.runtime.AbstractFunction1;

/** A barrier stage of one task for each rank: all tasks run at once, or none does. */
public final class BarrierStage {
    private BarrierStage() {}

    /**
     * What a rank does.
     *
     * @param <T> what it returns
     */
    @FunctionalInterface
    public interface RankFunction<T extends Serializable> extends Serializable {
        T run(BarrierTaskContext context) throws IOException;
    }

    /** Scala's function of a partition. */
    private static final class Partition<T extends Serializable>
            extends AbstractFunction1<Iterator<Integer>, Iterator<T>> implements Serializable {
        private static final long serialVersionUID = 1L;
        private final RankFunction<T> function;

        Partition(RankFunction<T> function) {
            this.function = function;
        }

        @Override
        public Iterator<T> apply(Iterator<Integer> partition) {
            try {
                T result = function.run(BarrierTaskContext.get());
                return CollectionConverters.asScala(List.of(result).iterator());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /**
     * Runs the ranks and returns their results, by rank.
     *
     * @param type class of a result
     */
    @SuppressWarnings("unchecked") // the array that Spark collects into has the type of the tag
    public static <T extends Serializable> List<T> run(
            JavaSparkContext spark, int ranks, Class<T> type, RankFunction<T> function) {
        RDD<Integer> partitions = spark.parallelize(
                        IntStream.range(0, ranks).boxed().toList(), ranks)
                .rdd();
        ClassTag<T> tag = ClassTag$.MODULE$.apply(type);
        RDD<T> results = partitions.barrier().mapPartitions(new Partition<>(function), false, tag);
        return Arrays.asList((T[]) results.collect());
    }
}
