// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.ring;

import java.io.IOException;

/** A neighbour sent something that does not fit; the message continues its name ("sent bytes that ..."). */
final class FrameException extends IOException {

    private static final long serialVersionUID = 1L;

    FrameException(String message) {
        super(message);
    }

    static FrameException damaged(Object what) {
        return new FrameException("sent data of " + what + " that arrived damaged (its checksum differs)");
    }
}
