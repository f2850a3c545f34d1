// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.settings;

import io.sparkreel.model.Extensions;
import java.util.List;

/**
 * A record that an extension brings for a section.
 *
 * @param section the interface of the section, which is {@link Chosen}
 * @param types what the section may say its type is
 * @param record of public components, whose annotations say what the reader has to know
 */
public record SectionRecord(Class<? extends Section> section, List<String> types, Class<? extends Section> record) {
    /** The records of a section. */
    public static List<SectionRecord> of(Class<?> section) {
        return Extensions.all(SectionRecord.class).stream()
                .filter(found -> found.section == section)
                .toList();
    }
}
