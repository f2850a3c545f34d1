// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.plan;

import io.sparkreel.jobs.dataset.BucketingManifest;
import io.sparkreel.jobs.features.FeatureCache;
import io.sparkreel.jobs.storage.HadoopStorage;

/**
 * What the steps of a run are planned from.
 *
 * @param data output folder of the bucketing run
 * @param manifest what lies in it
 * @param run run folder
 * @param rules what decides the steps, beside the clips
 * @param features what is stored of the clips beforehand, null if nothing
 * @param featuresFolder where that lies; null if nothing is stored
 */
public record PlanInputs(
        HadoopStorage data,
        BucketingManifest manifest,
        HadoopStorage run,
        PlanSettings rules,
        FeatureCache features,
        HadoopStorage featuresFolder) {}
