// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective;

/** A collective operation failed, and with it the whole group: start again from the last checkpoint. */
public final class CollectiveException extends RuntimeException {

    /** {@link #failedRank} where no single rank is to blame. */
    public static final int UNKNOWN_RANK = -1;

    private static final long serialVersionUID = 1L;

    private final int failedRank;

    public CollectiveException(int failedRank, String message, Throwable cause) {
        super(message, cause);
        this.failedRank = failedRank;
    }

    public CollectiveException(int failedRank, String message) {
        this(failedRank, message, null);
    }

    /** The rank first seen failing, or {@link #UNKNOWN_RANK}. */
    public int failedRank() {
        return failedRank;
    }
}
