// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.family.stdit2;

import io.sparkreel.model.settings.Check;
import io.sparkreel.model.settings.Section;
import io.sparkreel.model.settings.Tuple;

/** The extent of one token in frames, latent rows and latent columns, read from {@code [1, 2, 2]}. */
@Tuple("frames, rows and columns of a patch, such as [1, 2, 2]")
public record PatchSize(int frames, int rows, int columns) implements Section {
    public PatchSize {
        Check.atLeast("frames", frames, 1);
        Check.atLeast("rows", rows, 1);
        Check.atLeast("columns", columns, 1);
    }
}
