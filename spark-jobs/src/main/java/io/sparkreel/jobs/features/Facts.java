// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.features;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Named facts as one line of text, from which later changes can be named. */
public final class Facts {
    private static final String BETWEEN = "; ";
    private static final String IS = ": ";

    private Facts() {}

    public static String text(Map<String, Object> facts) {
        List<String> lines = new ArrayList<>();
        facts.forEach((name, value) -> lines.add(name + IS + value));
        return String.join(BETWEEN, lines);
    }

    /** The differences of two texts, such as {@code seed was 42, is 43}; empty if there are none. */
    public static List<String> changes(String before, String now) {
        Map<String, String> old = parse(before);
        Map<String, String> fresh = parse(now);
        Set<String> names = new LinkedHashSet<>(old.keySet());
        names.addAll(fresh.keySet());
        List<String> changes = new ArrayList<>();
        for (String name : names) {
            String was = old.getOrDefault(name, "none");
            String is = fresh.getOrDefault(name, "none");
            if (!was.equals(is)) {
                changes.add(name + " was " + was + ", is " + is);
            }
        }
        return changes;
    }

    private static Map<String, String> parse(String text) {
        Map<String, String> facts = new LinkedHashMap<>();
        for (String line : text.split(BETWEEN)) {
            int end = line.indexOf(IS);
            facts.put(end < 0 ? line : line.substring(0, end), end < 0 ? "" : line.substring(end + IS.length()));
        }
        return facts;
    }
}
