// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.settings;

import java.io.Serializable;

/**
 * A mapping of the configuration: a record whose components are its keys (camelCase here, snake_case in YAML) and whose
 * compact constructor refuses impossible values. It travels to executors.
 */
public interface Section extends Serializable {}
