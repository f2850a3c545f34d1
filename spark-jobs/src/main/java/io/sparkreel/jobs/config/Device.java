// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config;

/** {@code device}: what tensors live and are computed on. A GPU that was given and cannot be used is an error. */
public enum Device {
    /** The GPU that Spark gives to the task; the CPU where there is none. */
    AUTO,
    /** A GPU, or the job fails. */
    CUDA,
    /** The CPU, whatever Spark gives. */
    CPU
}
