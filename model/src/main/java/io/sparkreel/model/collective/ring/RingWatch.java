// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.ring;

import io.sparkreel.model.collective.Collective;
import io.sparkreel.model.collective.CollectiveException;

/**
 * What a ring offers to another transport between the same ranks: one decision about a failure, which every rank
 * hears of, and a stall timeout that counts waits outside the ring.
 */
public interface RingWatch {

    /**
     * Fails the collective on every rank, unless it has failed already.
     *
     * @param did what this rank did, such as "had an error in NCCL"; it follows the rank's name in the message
     */
    void fail(String did);

    /** Fails the collective on every rank because this rank's calling thread was interrupted. */
    void interrupted(InterruptedException interrupt);

    /** The exception for a caller that wanted {@code what}. Only after {@link Collective#hasFailed} has become true. */
    CollectiveException exception(String what);

    /** The calling thread starts, or ends, to wait for other ranks in an operation outside the ring. */
    void waitElsewhere(boolean waits);
}
