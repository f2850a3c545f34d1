// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.model.checkpoint.Storage;
import io.sparkreel.model.collective.Collective;
import io.sparkreel.model.train.MicroBatch;
import io.sparkreel.model.train.StepReport;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;

/**
 * What follows a step whose loss or gradient was not finite, and which all ranks have skipped: its micro-batches at
 * fault are written to the run folder as {@code skipped/step{n}.json}, and too many such steps in a row end the run.
 */
final class NonFiniteGuard {
    private static final int MOST_IN_A_ROW = 10;
    private static final int MOST_LISTED = 10;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Storage run;
    private final UnaryOperator<List<MicroBatch>> finder;
    private final Collective collective;
    private final BiConsumer<Long, ArrayNode> teller;
    private int inARow;

    /**
     * @param inARow steps that were skipped one after the other before this begins
     * @param finder as {@link io.sparkreel.model.train.Trainer#notFinite}
     * @param teller as {@link RankReporter#skipped}
     */
    NonFiniteGuard(
            Storage run,
            int inARow,
            UnaryOperator<List<MicroBatch>> finder,
            Collective collective,
            BiConsumer<Long, ArrayNode> teller) {
        this.run = run;
        this.inARow = inARow;
        this.finder = finder;
        this.collective = collective;
        this.teller = teller;
    }

    /**
     * Looks at a step; all ranks call this after each.
     *
     * @param done steps of the run that are done
     * @param mine what this rank computed in it
     * @throws UserError on all ranks, if this was one too many
     */
    void check(long done, List<MicroBatch> mine, StepReport report) throws IOException {
        if (!report.notFinite()) {
            inARow = 0;
            return;
        }
        inARow++;
        ArrayNode atFault = JSON.createArrayNode();
        for (byte[] ofRank : collective.allGather(JSON.writeValueAsBytes(atFault(mine)))) {
            atFault.addAll((ArrayNode) JSON.readTree(ofRank));
        }
        if (collective.rank() == 0) {
            try (OutputStream out = run.create("skipped/step" + done + ".json")) {
                out.write(JSON.writeValueAsBytes(
                        JSON.createObjectNode().put("step", done).set("micro_batches", atFault)));
            }
        }
        teller.accept(done, atFault);
        if (inARow == MOST_IN_A_ROW) {
            throw new UserError("Cannot train any further: the loss or the gradient was not finite in " + inARow
                    + " steps in a row, in step " + done + " for clips " + clips(atFault)
                    + " (skipped/ in the run folder "
                    + "has all). Lower lr, set grad_clip, or leave those clips out, and resume with --load.");
        }
    }

    /** Steps up to the last one that were skipped, one after the other. */
    int inARow() {
        return inARow;
    }

    private ArrayNode atFault(List<MicroBatch> mine) {
        ArrayNode found = JSON.createArrayNode();
        for (MicroBatch microBatch : finder.apply(mine)) {
            ObjectNode entry = found.addObject().put("rank", collective.rank()).put("bucket", microBatch.bucket());
            ArrayNode clips = entry.putArray("clips");
            microBatch.samples().forEach(sample -> clips.add(sample.clipId()));
        }
        return found;
    }

    private static String clips(ArrayNode microBatches) {
        List<String> ids = microBatches.findValues("clips").stream()
                .flatMap(clips -> java.util.stream.StreamSupport.stream(clips.spliterator(), false))
                .map(clip -> clip.asText())
                .toList();
        return String.join(", ", ids.subList(0, Math.min(MOST_LISTED, ids.size())))
                + (ids.size() > MOST_LISTED ? " and " + (ids.size() - MOST_LISTED) + " more" : "");
    }
}
