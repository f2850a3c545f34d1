// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.jobs.config.inference.InferenceConfig;
import io.sparkreel.jobs.parts.ChosenCheckpoint;
import io.sparkreel.model.Digests;
import io.sparkreel.model.ForeignText;
import io.sparkreel.model.family.DenoiserConfig;
import java.io.Serializable;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.LongAccumulator;
import org.apache.spark.util.SerializableConfiguration;

/**
 * What an executor needs to generate.
 *
 * @param id of the run: an executor keeps one model for it; sorts after those of earlier runs
 * @param config of the run
 * @param hadoop of the file systems
 * @param model sizes of the model
 * @param checkpoint whose EMA is sampled; null: published weights
 * @param process the identity of the process that the model was trained with
 * @param saveDir where clips go
 * @param identity what makes the clips of a row what they are, beside the row itself
 * @param threads that the model computes with
 * @param attempts how often Spark tries a task
 * @param steps counts the denoising steps of a task
 */
record GeneratorTask(
        String id,
        InferenceConfig config,
        Broadcast<SerializableConfiguration> hadoop,
        DenoiserConfig model,
        ChosenCheckpoint checkpoint,
        ObjectNode process,
        String saveDir,
        String identity,
        int threads,
        int attempts,
        LongAccumulator steps)
        implements Serializable {
    /** Changes with whatever changes the clips of this row. */
    String fingerprint(PromptRow row) {
        return Digests.sha256(identity + row.identity());
    }

    /** The result of a sample that could not be generated. */
    ClipResult failed(PromptRow row, int sample, String error) {
        return ClipResult.failed(
                row.promptId(),
                sample,
                row.text(),
                row.seed(),
                ForeignText.line(row.place() + ": " + error),
                fingerprint(row));
    }
}
