// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.generate;

import io.sparkreel.model.CodecGeometry;
import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.generate.MaskStrategy.Conditions;
import io.sparkreel.model.generate.MaskStrategy.FrameSource;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What each part ("loop") of a long video is conditioned on, worked out before anything is sampled. All frames here are
 * latent frames.
 *
 * <p>The references of a prompt are numbered on by the clips of the loops themselves: after R references, R + i is the
 * clip of loop i. A codec whose first latent frame holds less than the others cannot begin a clip with the last latent
 * frames of another one; there the last frames of pixels are encoded by themselves, and of N loops the end of loop i is
 * reference R + N + i.
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
     * @param frames pixel frames of one loop
     * @param count number of loops
     * @param carried latent frames that begin the next loop, whole pieces of the codec; of no meaning for one loop
     * @param referenceFrames latent frames of each of the prompt's references
     * @throws InvalidInputException if the strategy does not fit the references and the loops before it
     */
    public static LoopConditions of(
            MaskStrategy strategy,
            CodecGeometry codec,
            int frames,
            int count,
            int carried,
            List<Integer> referenceFrames) {
        int latentFrames = codec.latentFrames(frames);
        int piece = codec.pieceLatentFrames();
        boolean standsAlone = piece != CodecGeometry.WHOLE_CLIP; // the end of a clip as the beginning of another one
        if (count > 1) {
            requireCarried(count, latentFrames, carried, latentFrames == frames ? "frames" : "latent frames");
            if (standsAlone && (carried % piece != 0 || latentFrames % piece != 0)) {
                throw new InvalidInputException("Cannot join loops of " + latentFrames + " latent frames by " + carried
                        + ": the codec encodes " + piece + " together. Set condition_frame_length to a multiple of "
                        + piece + ", and num_frames to one of " + codec.pieceFrames() + ".");
            }
        }
        List<Integer> available = new ArrayList<>(referenceFrames);
        List<Conditions> loops = new ArrayList<>();
        int references = referenceFrames.size();
        for (int loop = 0; loop < count; loop++) {
            MaskStrategy whole = strategy;
            if (loop > 0) {
                available.add(latentFrames);
                int end = references + loop - 1 + (standsAlone ? 0 : count);
                whole = strategy.with(new MaskStrategy.Entry(loop, end, -carried, 0, carried, 0));
            }
            loops.add(whole.apply(
                    loop, latentFrames, standsAlone ? available : withEnds(available, references, count, carried)));
        }
        return new LoopConditions(loops, references);
    }

    private static void requireCarried(int count, int latentFrames, int carried, String unit) {
        if (carried < 1 || carried >= latentFrames) {
            throw new InvalidInputException("Cannot join " + count + " loops of " + latentFrames + " " + unit
                    + ": the next loop begins with " + carried + " " + unit
                    + ". Set condition_frame_length to 1 or more"
                    + " and less than " + (unit.equals("frames") ? "num_frames." : latentFrames + "."));
        }
    }

    /** Frames by number of the reference: clips that are still to come have none, and the end of each has those carried. */
    private static List<Integer> withEnds(List<Integer> clips, int references, int count, int carried) {
        List<Integer> all = new ArrayList<>(clips);
        while (all.size() < references + count) {
            all.add(0);
        }
        for (int loop = references; loop < clips.size(); loop++) {
            all.add(carried);
        }
        return all;
    }

    /** The reference that is the clip of a loop. */
    int clipOf(int loop) {
        return references + loop;
    }

    /** The reference that is the end of a loop's clip, encoded by itself; no loop takes it where clips need none. */
    int endOf(int loop) {
        return references + loops.size() + loop;
    }

    /** The latent frames of a reference that loops from {@code firstLoop} on take. */
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
