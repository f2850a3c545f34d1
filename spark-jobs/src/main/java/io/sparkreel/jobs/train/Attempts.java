// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import io.sparkreel.jobs.UserError;
import io.sparkreel.jobs.config.TrainingConfig;
import io.sparkreel.model.checkpoint.CheckpointReader;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Runs the ranks, and starts them again from the newest checkpoint when one of them fails. Spark itself does not
 * retry a barrier stage that returns results.
 */
final class Attempts {
    private static final Logger LOG = LogManager.getLogger(Attempts.class);
    private static final int SECRET_BYTES = 32;

    private final JavaSparkContext context;
    private final int ranks;
    private final TrainingConfig config;
    private final RunStart start;
    private final RunLog log;
    private final Broadcast<SerializableConfiguration> hadoop;
    private final Broadcast<List<List<PlannedClip>>> evalClips;

    /** @param evalClips micro-batches that the model is judged on, possibly none */
    Attempts(JavaSparkContext context, int ranks, TrainingConfig config, RunStart start,
            List<List<PlannedClip>> evalClips, RunLog log) {
        this.context = context;
        this.ranks = ranks;
        this.config = config;
        this.start = start;
        this.log = log;
        this.evalClips = context.broadcast(evalClips);
        hadoop = context.broadcast(new SerializableConfiguration(context.hadoopConfiguration()));
    }

    /** Runs the ranks until the plan's last step and returns what they report, by rank. */
    List<RankResult> run(Stretch whole) throws IOException {
        Stretch rest = whole;
        for (int restarts = 0; ; restarts++) {
            try {
                return once(rest);
            } catch (Exception e) { // Spark's own exceptions are checked, and not declared
                if (UserError.in(e) != null || restarts >= config.run().maxRestarts()) {
                    throw e;
                }
                Optional<CheckpointReader.Found> newest = CheckpointReader.newest(start.run());
                if (newest.isPresent()) {
                    newest.get().warnings().forEach(warning -> LOG.warn("{}", warning));
                    rest = rest.from(start.run().uri(newest.get().checkpoint().folder()));
                }
                log.tell("restart", String.format("The ranks failed: %s Starting them again (%d of %d restarts) from %s",
                        String.valueOf(e.getMessage()).lines().findFirst().orElse(""), restarts + 1,
                        config.run().maxRestarts(), rest.checkpoint() == null ? "the beginning" : rest.checkpoint()));
            }
        }
    }

    private List<RankResult> once(Stretch steps) throws IOException {
        RecentLines lines = new RecentLines();
        context.sc().register(lines, "training log");
        log.follow(lines);
        byte[] secret = new byte[SECRET_BYTES];
        new SecureRandom().nextBytes(secret);
        String attempt = UUID.randomUUID().toString();
        RankTask task = new RankTask(config, start.model(), hadoop, steps, start.fingerprint(), start.features(),
                attempt, secret, evalClips, lines);
        // A rank that waits for a lost one must be interrupted, or it would hold its slot.
        context.setJobGroup(attempt, "training", true);
        try {
            List<RankResult> results = BarrierAttempt.run(context, ranks, task);
            log.take(lines.value());
            return results;
        } finally {
            context.cancelJobGroup(attempt);
            context.clearJobGroup();
            log.flush();
        }
    }
}
