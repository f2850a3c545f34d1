// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.bucketing;

/** {@code probe}: what happens to numbers that a metadata table has. */
public enum ProbeMode {
    /** They are trusted; a file is opened only where one is missing. */
    MISSING,
    /** Every file is opened, and a number that is not the file's puts the clip aside. */
    ALL
}
