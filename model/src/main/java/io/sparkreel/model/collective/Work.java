// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective;

/** An operation under way. Its buffer belongs to the collective until {@link #await} has returned or thrown. */
public interface Work {

    /**
     * Waits until the operation is done on this rank. Once this returns or throws, the collective no longer touches the
     * buffer, so that its memory may be freed.
     *
     * <p>When the calling thread is interrupted the whole collective fails on every rank, the interrupt flag stays set
     * and the exception names this rank.
     *
     * @throws CollectiveException if a rank failed; the buffer then holds no usable values
     */
    void await();

    /** Whether {@link #await} would return or throw without waiting. */
    boolean isDone();
}
