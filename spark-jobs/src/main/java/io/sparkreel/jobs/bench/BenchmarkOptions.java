// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.bench;

import io.sparkreel.jobs.error.UserError;
import java.util.LinkedHashMap;
import java.util.Map;

/** The options of a benchmark: names that each take a value, or none where their default is true or false. */
public final class BenchmarkOptions {
    private final Map<String, String> values;

    private BenchmarkOptions(Map<String, String> values) {
        this.values = values;
    }

    /**
     * @param defaults name to value, or null where one must be given
     * @throws UserError if an option is unknown, incomplete or missing
     */
    public static BenchmarkOptions of(String[] words, Map<String, String> defaults) {
        Map<String, String> values = new LinkedHashMap<>(defaults);
        for (int i = 0; i < words.length; i++) {
            if (!defaults.containsKey(words[i])) {
                throw refused(words[i] + " is unknown. See submit/bench --help.");
            }
            if ("false".equals(defaults.get(words[i]))) {
                values.put(words[i], "true");
            } else if (i + 1 == words.length) {
                throw refused(words[i] + " has no value. Give it one.");
            } else {
                values.put(words[i], words[++i]);
            }
        }
        values.forEach((name, value) -> {
            if (value == null) {
                throw refused(name + " is missing. Give it.");
            }
        });
        return new BenchmarkOptions(values);
    }

    private static UserError refused(String what) {
        return new UserError("Cannot start the benchmark: " + what);
    }

    public String text(String name) {
        return values.get(name);
    }

    public boolean isSet(String name) {
        return values.get(name).equals("true");
    }

    /** @throws UserError if it is no whole number of at least {@code least} */
    public long count(String name, long least) {
        String value = values.get(name);
        if (!value.matches("[0-9]{1,15}") || Long.parseLong(value) < least) {
            throw refused(name + " is " + value + ". Set it to a whole number of at least " + least + ".");
        }
        return Long.parseLong(value);
    }
}
