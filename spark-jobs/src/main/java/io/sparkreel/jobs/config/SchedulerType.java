// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config;

/** {@code scheduler.type}: the diffusion process. */
public enum SchedulerType implements Choice {
    IDDPM
}
