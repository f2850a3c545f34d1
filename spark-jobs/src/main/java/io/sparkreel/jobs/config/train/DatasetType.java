// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.train;

import io.sparkreel.model.settings.Choice;

/** {@code dataset.type}: where the shape of a sample comes from. */
public enum DatasetType implements Choice {
    /** From the bucket of each clip. */
    VARIABLE_VIDEO_TEXT_DATASET("VariableVideoTextDataset"),
    /** The same for all clips, as configured. */
    VIDEO_TEXT_DATASET("VideoTextDataset");

    private final String word;

    DatasetType(String word) {
        this.word = word;
    }

    @Override
    public String word() {
        return word;
    }
}
