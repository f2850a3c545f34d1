// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.text;

/**
 * The sizes of what a text encoder makes of a caption.
 *
 * @param width of the features of a token
 * @param slots tokens of a caption
 */
public record TextSizes(int width, int slots) {}
