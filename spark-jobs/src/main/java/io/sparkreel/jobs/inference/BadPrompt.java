// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

/**
 * A row of the prompts that cannot be used.
 *
 * @param promptId place in the whole table, from 0
 * @param text the prompt as far as it could be read
 * @param error what is wrong, with the row's number
 */
record BadPrompt(long promptId, String text, String error) {}
