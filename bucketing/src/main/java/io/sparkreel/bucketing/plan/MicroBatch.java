// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.plan;

import io.sparkreel.bucketing.bucket.Bucket;
import java.util.List;

/**
 * Clips that one rank trains on at once.
 *
 * @param bucket the bucket they all are in
 * @param rows their positions in the metadata table
 */
public record MicroBatch(Bucket bucket, List<Integer> rows) {

  public MicroBatch {
    rows = List.copyOf(rows);
  }
}
