// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.storage;

import io.sparkreel.jobs.storage.FolderLease.Timing;
import java.io.IOException;
import java.time.Duration;

/** Leases that expire within a test. */
public final class Leases {
    private static final Timing FAST = new Timing(Duration.ofMillis(20), Duration.ofMillis(500));

    private Leases() {}

    /** Takes a folder as a driver of another machine would, whose process nobody here can look up. */
    public static FolderLease takeFromAfar(HadoopStorage folder, String job) throws IOException {
        LeaseOwner here = LeaseOwner.ofThisProcess(job);
        return FolderLease.take(
                folder,
                "--output",
                new LeaseOwner(here.id(), job, "node-7", here.process(), here.started(), "another boot"),
                FAST);
    }
}
