// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.ring;

import java.io.IOException;

/** Sends slices to the right neighbour, one at a time, without blocking. */
interface SliceSender {

    /** Whether a slice has been started and not sent. */
    boolean isBusy();

    /** Begins to send slice {@code index} of a stream's part in an operation; the memory may change once it is sent. */
    void start(Operation operation, int index, int offset, int length);

    /** Sends what can be sent now and returns how many bytes that was. */
    long advance() throws IOException;
}
