// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import io.sparkreel.jobs.config.inference.VideoFormat;
import io.sparkreel.jobs.parts.GeneratedSize;
import io.sparkreel.model.CodecGeometry;
import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.generate.MaskStrategy;
import java.util.HashSet;
import java.util.Set;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/** What makes a prompt impossible and is known before anything is sampled. */
final class PromptChecks {
    private static final Logger LOG = LogManager.getLogger(PromptChecks.class);

    private final CodecGeometry codec;
    private final Set<String> rounded = new HashSet<>();

    /** @param codec of the run */
    PromptChecks(CodecGeometry codec) {
        this.codec = codec;
    }

    /**
     * Logs, once for each size, what a size becomes that is not of whole blocks of the codec.
     *
     * @throws InvalidInputException if the codec or the file cannot have the size
     */
    void requireSize(PromptRow.Shape shape, VideoFormat format) {
        boolean mp4 = format == VideoFormat.MP4 && !shape.isPicture();
        GeneratedSize size = GeneratedSize.of(codec, shape.height(), shape.width(), mp4);
        String wanted = shape.height() + "x" + shape.width();
        if (!size.toString().equals(wanted) && rounded.add(wanted)) {
            LOG.info(
                    "image_size {} becomes {}: the vae makes blocks of {} pixels", wanted, size, codec.spatialFactor());
        }
    }

    /**
     * References are of use through the tuples of a mask strategy alone, and tuples through references, or the clips
     * of earlier loops, which are numbered on after them.
     *
     * @param frames latent frames of a loop
     * @param references how many the prompt has
     * @throws InvalidInputException if no tuple uses any of the references, or one names a reference that cannot be
     *     there
     */
    static void requireReferences(MaskStrategy strategy, int loops, int frames, int references) {
        boolean used = false;
        for (MaskStrategy.Entry entry : strategy.entries()) {
            if (entry.loop() < 0 || entry.loop() >= loops) {
                continue;
            }
            int known = entry.loop() == 0 ? references : references + 2 * loops;
            if (entry.reference() < 0 || entry.reference() >= known) {
                throw new InvalidInputException("Cannot apply the mask strategy: it names reference "
                        + entry.reference() + " of a prompt that has " + references
                        + ". Count references from 0 and list them in reference_path.");
            }
            used |= entry.reference() < references && isInside(entry, frames);
        }
        if (references > 0 && !used) {
            throw new InvalidInputException("Cannot condition a clip on its references: "
                    + (strategy.entries().isEmpty()
                            ? "there is no mask_strategy"
                            : "no tuple of mask_strategy puts frames of one into the clip's " + loops
                                    + (loops == 1 ? " loop of " : " loops of ") + frames + " latent frames")
                    + ". Give mask_strategy, such as 0,0,0,1,0 to begin with the first frame of the first reference.");
        }
    }

    /** Whether an entry replaces any frame of its loop; starts below 0 count from the end. */
    private static boolean isInside(MaskStrategy.Entry entry, int frames) {
        long start = entry.targetStart() < 0 ? (long) entry.targetStart() + frames : entry.targetStart();
        return Math.max(0, start) < Math.min(frames, start + entry.length());
    }
}
