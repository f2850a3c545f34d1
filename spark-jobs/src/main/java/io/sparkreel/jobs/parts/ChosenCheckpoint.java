// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.parts;

import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.model.checkpoint.CheckpointReader;
import java.io.IOException;
import java.io.Serializable;
import org.apache.hadoop.conf.Configuration;

/**
 * The checkpoint that the driver has chosen for its executors, so that all of them read the same one, whatever is written
 * into the run folder meanwhile.
 *
 * @param uri its folder
 * @param manifestDigest SHA-256 of its manifest, and so of all that the driver knows about its content
 */
public record ChosenCheckpoint(String uri, String manifestDigest) implements Serializable {
    private static final long serialVersionUID = 1L;

    /** @param storage where the checkpoint was opened */
    public static ChosenCheckpoint of(HadoopStorage storage, CheckpointReader checkpoint) {
        return new ChosenCheckpoint(storage.uri(checkpoint.folder()), checkpoint.manifestDigest());
    }

    /**
     * Chooses a checkpoint's folder, all of whose files verify.
     *
     * @throws io.sparkreel.model.InvalidInputException if the checkpoint is damaged
     */
    public static ChosenCheckpoint verified(Configuration hadoop, String uri) throws IOException {
        HadoopStorage storage = new HadoopStorage(hadoop, uri);
        CheckpointReader checkpoint = CheckpointReader.open(storage, "");
        checkpoint.verify(path -> true);
        return of(storage, checkpoint);
    }

    /**
     * Opens it on an executor.
     *
     * @throws io.sparkreel.model.InvalidInputException if its folder holds another checkpoint by now
     */
    public CheckpointReader open(Configuration hadoop) throws IOException {
        return CheckpointReader.open(new HadoopStorage(hadoop, uri), "", manifestDigest);
    }
}
