// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.generate;

import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.diffusion.MaskStrategy;
import io.sparkreel.model.diffusion.MaskStrategy.Conditions;
import io.sparkreel.model.diffusion.MaskStrategy.FrameSource;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What is given to each part ("loop") of a long video, worked out before anything is drawn. The references of a
 * prompt are numbered on by the clips of the loops themselves: after R references, R + i is the clip of loop i.
 *
 * @param loops conditions of each loop
 * @param references R, how many references the prompt itself has
 */
public record LoopConditions(List<Conditions> loops, int references) {
    public LoopConditions {
        loops = List.copyOf(loops);
    }

    /**
     * The conditions of the reference's long inference: each loop after the first begins with the last frames of
     * the one before, whatever the strategy gives there.
     *
     * @param frames frames T of one loop
     * @param count number of loops
     * @param carried frames that begin the next loop; of no meaning for one loop
     * @param referenceFrames frames of each of the prompt's references
     * @throws InvalidInputException if the strategy does not fit the references and the loops before it
     */
    public static LoopConditions of(
            MaskStrategy strategy, int frames, int count, int carried, List<Integer> referenceFrames) {
        if (count > 1 && (carried < 1 || carried >= frames)) {
            throw new InvalidInputException("Cannot join " + count + " loops of " + frames + " frames: the next loop"
                    + " begins with " + carried + " frames. Set condition_frame_length to 1 or more and less than"
                    + " num_frames.");
        }
        List<Integer> available = new ArrayList<>(referenceFrames);
        List<Conditions> loops = new ArrayList<>();
        for (int loop = 0; loop < count; loop++) {
            MaskStrategy whole = strategy;
            if (loop > 0) {
                available.add(frames);
                whole = strategy.with(new MaskStrategy.Entry(loop, available.size() - 1, -carried, 0, carried, 0));
            }
            loops.add(whole.apply(loop, frames, available));
        }
        return new LoopConditions(loops, referenceFrames.size());
    }

    /** The frames of a reference that loops from {@code firstLoop} on take. */
    public SortedSet<Integer> framesTaken(int reference, int firstLoop) {
        SortedSet<Integer> taken = new TreeSet<>();
        for (Conditions loop : loops.subList(Math.min(firstLoop, loops.size()), loops.size())) {
            for (FrameSource source : loop.sources()) {
                if (source != null && source.reference() == reference) {
                    taken.add(source.frame());
                }
            }
        }
        return taken;
    }

    /** Whether a loop from {@code firstLoop} on takes this frame. */
    boolean isTaken(FrameSource frame, int firstLoop) {
        return framesTaken(frame.reference(), firstLoop).contains(frame.frame());
    }
}
