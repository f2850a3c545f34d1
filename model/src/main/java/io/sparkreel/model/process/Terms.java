// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.process;

import io.sparkreel.model.torch.Tensor;
import java.util.Map;

/**
 * The loss of each sample, [B].
 *
 * @param total what is trained on
 * @param parts what it consists of, by the name under which it is logged
 */
public record Terms(Tensor total, Map<String, Tensor> parts) {}
