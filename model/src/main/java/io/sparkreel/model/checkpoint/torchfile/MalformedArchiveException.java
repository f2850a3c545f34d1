// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint.torchfile;

/** What is wrong with a file, to be completed with its name. */
final class MalformedArchiveException extends Exception {
    private static final long serialVersionUID = 1L;

    MalformedArchiveException(String found) {
        super(found);
    }
}
