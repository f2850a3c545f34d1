// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.loader;

import java.io.Serializable;

/** A clip that failed to decode: a row for the quarantine. */
public record BadClip(long clipId, String uri, String reason, String detail) implements Serializable {}
