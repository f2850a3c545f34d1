// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.dataset;

import io.sparkreel.jobs.config.train.DatasetType;
import io.sparkreel.jobs.config.train.TrainingConfig;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.jobs.storage.Names;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** The output folder of a bucketing run, as a later job is given it. */
public final class DataFolder {
    private DataFolder() {}

    /**
     * Opens the folder; its {@code shards} folder means the same.
     *
     * @param key what the folder was given as
     * @throws UserError if there is no such folder
     */
    public static HadoopStorage open(Configuration hadoop, String dataPath, String key) throws IOException {
        Path path = Names.path(dataPath);
        HadoopStorage given = new HadoopStorage(hadoop, dataPath);
        if (given.status("").isEmpty()) {
            throw new UserError("Cannot read " + dataPath + ": there is no such folder. "
                    + "Give the output folder of a bucketing run as " + key + ".");
        }
        if (given.status(BucketingManifest.NAME).isEmpty()
                && path.getName().equals("shards")
                && path.getParent() != null) {
            return new HadoopStorage(hadoop, path.getParent().toString());
        }
        return given;
    }

    /**
     * The shards hold clips that are long enough for one frame interval; another would need other buckets.
     *
     * @throws UserError if training is configured for another
     */
    public static void requireSameInterval(TrainingConfig config, BucketingManifest manifest) {
        if (config.dataset().type() == DatasetType.VARIABLE_VIDEO_TEXT_DATASET
                && config.dataset().frameInterval() != manifest.rule().frameInterval()) {
            throw new UserError("Cannot train with dataset.frame_interval "
                    + config.dataset().frameInterval()
                    + ": the clips were bucketed for " + manifest.rule().frameInterval()
                    + ". Set it to that, or bucket them again.");
        }
    }
}
