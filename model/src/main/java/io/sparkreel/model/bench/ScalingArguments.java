// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.bench;

import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.collective.ring.RingOptions;
import io.sparkreel.model.collective.ring.Transport;
import io.sparkreel.model.family.DenoiserConfig;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * What scaling is measured on.
 *
 * @param values of the options, by name
 * @param transport between the ranks
 */
record ScalingArguments(Map<String, Integer> values, Transport transport) {
    private static final String TRANSPORT = "--transport";

    static ScalingArguments parse(String[] words) {
        Map<String, Integer> values = new LinkedHashMap<>();
        values.put("--ranks", 2);
        values.put("--hidden", 384);
        values.put("--depth", 6);
        values.put("--heads", 6);
        values.put("--frames", 4);
        values.put("--height", 16);
        values.put("--width", 16);
        values.put("--batch", 4);
        values.put("--text-tokens", 64);
        values.put("--micro-batches", 4);
        values.put("--threads", 1);
        values.put("--steps", 4);
        values.put("--rounds", 3);
        Transport transport = Transport.AUTO;
        for (int i = 0; i < words.length; i += 2) {
            String name = words[i];
            if (!values.containsKey(name) && !name.equals(TRANSPORT)) {
                throw refused(name + " is unknown", "See submit/bench --help");
            }
            if (i + 1 == words.length) {
                throw refused(name + " has no value", "Give it one");
            }
            String value = words[i + 1];
            if (name.equals(TRANSPORT)) {
                transport = transport(value);
            } else if (!value.matches("[1-9][0-9]{0,5}")) {
                throw refused(name + " is " + value, "Set it to a whole number of at least 1");
            } else {
                values.put(name, Integer.valueOf(value));
            }
        }
        if (values.get("--ranks") < 2) {
            throw refused("--ranks is 1", "Set it to 2 or more, which are compared to one");
        }
        return new ScalingArguments(values, transport);
    }

    private static Transport transport(String value) {
        for (Transport each : Transport.values()) {
            if (each.name().toLowerCase(Locale.ROOT).equals(value)) {
                return each;
            }
        }
        throw refused(TRANSPORT + " is " + value, "Set it to auto, tcp or shared");
    }

    private static InvalidInputException refused(String found, String remedy) {
        return new InvalidInputException("Cannot measure scaling: " + found + ". " + remedy + ".");
    }

    int of(String name) {
        return values.get(name);
    }

    DenoiserConfig config() {
        return BenchmarkModel.of(of("--hidden"), of("--depth"), of("--heads"), of("--text-tokens"));
    }

    RingOptions ringOptions() {
        return RingOptions.builder("127.0.0.1", new byte[32], "benchmark")
                .transport(transport)
                .build();
    }

    void describe(Map<String, Object> report) {
        values.forEach((name, value) -> report.put(name.substring(2).replace('-', '_'), value));
        report.put("transport", transport.name().toLowerCase(Locale.ROOT));
    }
}
