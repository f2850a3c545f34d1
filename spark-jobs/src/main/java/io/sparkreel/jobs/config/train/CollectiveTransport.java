// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.train;

/** {@code transport}: how gradients travel between ranks. */
public enum CollectiveTransport {
    /** NCCL between GPUs; else shared memory between ranks on one host and sockets between hosts. */
    AUTO,
    /** Sockets. */
    TCP,
    /** Shared memory: all ranks on one host. */
    SHARED,
    /** NCCL, between GPUs. */
    NCCL
}
