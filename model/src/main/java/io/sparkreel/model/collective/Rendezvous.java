// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective;

import java.util.List;

/**
 * How ranks that do not know each other's addresses yet meet, such as a Spark barrier stage. Slow (about a second in
 * Spark): a collective uses it once, when it connects.
 */
public interface Rendezvous {

    /** This rank, from 0 to {@link #worldSize} - 1. */
    int rank();

    /** Number of ranks. */
    int worldSize();

    /** Returns what every rank gave, by rank, once all have called. */
    List<String> allGather(String mine);
}
