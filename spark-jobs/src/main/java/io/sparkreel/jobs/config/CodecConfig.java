// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config;

import io.sparkreel.jobs.config.reader.Section;

/** {@code vae}: the codec between pixels and latents, chosen by {@code type}. */
public sealed interface CodecConfig extends Section permits AutoencoderKlConfig, WaveletConfig {}
