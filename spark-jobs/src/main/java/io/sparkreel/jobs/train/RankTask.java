// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import io.sparkreel.bucketing.media.PictureRules;
import io.sparkreel.jobs.config.train.TrainingConfig;
import io.sparkreel.jobs.features.FeatureCache;
import io.sparkreel.jobs.parts.ChosenCheckpoint;
import io.sparkreel.jobs.plan.PlannedClip;
import io.sparkreel.jobs.storage.FolderLease;
import io.sparkreel.jobs.watch.RecentLines;
import io.sparkreel.model.family.DenoiserConfig;
import java.io.Serializable;
import java.util.List;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;

/**
 * What every rank of an attempt needs to know.
 *
 * @param config the run's configuration
 * @param model sizes of the model
 * @param firstWeights verified checkpoint that a run without one of its own begins from; null: published weights, or none
 * @param hadoop of the file systems
 * @param steps range of steps, and the checkpoint to start from
 * @param planFingerprint identity of data and configuration that the plan follows from
 * @param features what is stored of the clips beforehand, null if nothing
 * @param attempt name of the attempt
 * @param secret shared by its ranks alone
 * @param evalClips micro-batches that the model is evaluated on, possibly none
 * @param pictures what a picture is in the data set
 * @param evalPictures what one is in that of the clips that the model is evaluated on
 * @param progress lines for the driver
 * @param lease of the run's folder
 */
record RankTask(
        TrainingConfig config,
        DenoiserConfig model,
        ChosenCheckpoint firstWeights,
        Broadcast<SerializableConfiguration> hadoop,
        StepRange steps,
        String planFingerprint,
        FeatureCache features,
        String attempt,
        byte[] secret,
        Broadcast<List<List<PlannedClip>>> evalClips,
        PictureRules pictures,
        PictureRules evalPictures,
        RecentLines progress,
        FolderLease.Claim lease)
        implements Serializable {
    private static final long serialVersionUID = 1L;

    /** A secret does not belong into a log. */
    @Override
    public String toString() {
        return "RankTask[" + attempt + "]";
    }
}
