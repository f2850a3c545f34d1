// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model;

/**
 * What a model may be conditioned on beside latents and captions: facts of the clips of a batch, each [B].
 *
 * @param numFrames pixel frames
 * @param height pixels
 * @param width pixels
 * @param aspectRatio width / height in training; some references sample with its inverse
 * @param fps frames per second; 120 for an image
 */
public record ClipFacts(float[] numFrames, float[] height, float[] width, float[] aspectRatio, float[] fps) {}
