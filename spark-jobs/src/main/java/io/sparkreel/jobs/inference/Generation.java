// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import io.sparkreel.jobs.error.UserError;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.spark.SparkContext;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import scala.collection.Iterator;
import scala.jdk.javaapi.CollectionConverters;
import scala.reflect.ClassTag$;
import scala.runtime.BoxedUnit;

/**
 * The Spark job that generates batches: a partition for each, taken by executors as they become free. Spark tries the
 * batches of a lost executor again, no others; one that goes on failing costs its own prompts only.
 */
final class Generation {
    private static final Logger LOG = LogManager.getLogger(Generation.class);
    /** How Spark says that a task has failed for good. */
    private static final Pattern GIVEN_UP =
            Pattern.compile("Task (\\d+) in stage \\S+ failed \\d+ times, most recent failure: ([^\\n]*)");

    private final SparkContext spark;
    private final GeneratorTask task;
    private final ToDoubleFunction<Batch> cost;
    private final Consumer<List<ClipResult>> sink;
    private final ResultsJournal journal;
    private final ExecutorUse use = new ExecutorUse();

    /**
     * @param cost of a batch, relative to others
     * @param sink takes the results of each batch when it is done
     * @param journal of the run, for what executors can no longer tell
     */
    Generation(
            SparkSession spark,
            GeneratorTask task,
            ToDoubleFunction<Batch> cost,
            Consumer<List<ClipResult>> sink,
            ResultsJournal journal) {
        this.spark = spark.sparkContext();
        this.task = task;
        this.cost = cost;
        this.sink = sink;
        this.journal = journal;
    }

    /** @param batches the first ones are begun first */
    void run(List<Batch> batches) throws IOException {
        List<Batch> left = batches;
        while (!left.isEmpty()) {
            left = tryAll(left);
        }
        if (!batches.isEmpty()) {
            LOG.info("{}", use);
        }
    }

    /** @return what is left after one batch has failed so often that Spark gave up */
    private List<Batch> tryAll(List<Batch> batches) throws IOException {
        Take take = new Take(batches);
        try (GenerationProgress progress = new GenerationProgress(
                task.id(),
                batches,
                cost,
                task.config().scheduler().numSamplingSteps(),
                task.steps().id())) {
            take.progress = progress;
            spark.addSparkListener(progress);
            spark.setLocalProperty(GenerationProgress.JOB, task.id());
            scala.collection.immutable.Seq<Object> partitions = CollectionConverters.asScala(
                            IntStream.range(0, batches.size())
                                    .<Object>mapToObj(Integer::valueOf)
                                    .toList())
                    .toSeq();
            try {
                spark.runJob(
                        JavaSparkContext.fromSparkContext(spark)
                                .parallelize(batches, batches.size())
                                .rdd(),
                        new Generate(task),
                        partitions,
                        take,
                        ClassTag$.MODULE$.<BatchOutcome>apply(BatchOutcome.class));
                return List.of();
            } catch (Exception e) { // Spark's own exceptions are checked, and not declared
                Matcher givenUp = GIVEN_UP.matcher(String.valueOf(e.getMessage()));
                if (UserError.in(e) != null || !givenUp.find()) {
                    throw e;
                }
                return take.without(Integer.parseInt(givenUp.group(1)), givenUp.group(2));
            } finally {
                spark.setLocalProperty(GenerationProgress.JOB, null);
                spark.removeSparkListener(progress);
            }
        }
    }

    /** What an executor does with a partition. */
    private static final class Generate
            extends scala.runtime.AbstractFunction2<TaskContext, Iterator<Batch>, BatchOutcome>
            implements Serializable {
        private static final long serialVersionUID = 1L;
        private final GeneratorTask task;

        Generate(GeneratorTask task) {
            this.task = task;
        }

        @Override
        public BatchOutcome apply(TaskContext context, Iterator<Batch> batches) {
            try {
                return BatchRun.run(task, batches.next(), context);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** What the driver does with outcomes, as they come. */
    private final class Take extends scala.runtime.AbstractFunction2<Object, BatchOutcome, BoxedUnit> {
        private final List<Batch> batches;
        private final Set<Integer> done = new HashSet<>();
        private GenerationProgress progress;

        Take(List<Batch> batches) {
            this.batches = batches;
        }

        @Override
        public synchronized BoxedUnit apply(Object partition, BatchOutcome outcome) {
            use.add(outcome, System.nanoTime());
            take((Integer) partition, outcome.results());
            return BoxedUnit.UNIT;
        }

        private void take(int partition, List<ClipResult> results) {
            done.add(partition);
            sink.accept(results);
            progress.done(batches.get(partition), results);
        }

        /** Fails one batch, for the reason that Spark gives. */
        synchronized List<Batch> without(int partition, String reason) throws IOException {
            List<ClipResult> failed = new ArrayList<>();
            for (PromptRow prompt : batches.get(partition).prompts()) {
                failed.add(task.failed(
                        prompt,
                        batches.get(partition).sample(),
                        "Cannot generate it: " + reason
                                + ". See the executor's log; a smaller batch_size or size takes less memory."));
            }
            journal.write(
                    "given-up-" + failed.get(0).promptId() + "-" + failed.get(0).sample(), failed);
            take(partition, failed);
            return IntStream.range(0, batches.size())
                    .filter(i -> !done.contains(i))
                    .mapToObj(batches::get)
                    .toList();
        }
    }
}
