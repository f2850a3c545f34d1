// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inventory;

import java.util.Locale;

/** Why a file was put aside without being opened, or in spite of it; beside the decoder's own reasons. */
enum RowProblem {
    /** A row of the metadata table lacks a path or has a value that cannot be read. */
    BAD_ROW,
    /** The metadata table names a file that is not there. */
    MISSING_FILE,
    /** The metadata table says other numbers than the file. */
    METADATA_MISMATCH,
    /** The metadata table asks for a part that the file does not hold. */
    BAD_RANGE,
    /** The caption file cannot be read. */
    BAD_CAPTION,
    /** Another file or row has the same name, length and part. */
    DUPLICATE_CLIP;

    String tableValue() {
        return name().toLowerCase(Locale.ROOT);
    }
}
