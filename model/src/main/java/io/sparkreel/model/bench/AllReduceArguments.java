// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.bench;

import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.collective.ring.RingOptions;
import io.sparkreel.model.collective.ring.Transport;
import io.sparkreel.model.collective.ring.WireType;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * What an all-reduce is measured on.
 *
 * @param ranks processes
 * @param bytes of the data, a multiple of 4
 * @param rounds measured
 */
record AllReduceArguments(
        int ranks,
        int bytes,
        Transport transport,
        WireType wire,
        boolean encrypted,
        int streams,
        int sliceKib,
        int rounds) {
    private static final String ENCRYPT = "--encrypt";
    private static final Map<String, String> DEFAULTS =
            Map.of("--transport", "auto", "--dtype", "fp32", "--streams", "2", "--slice-kib", "256", "--rounds", "20");
    private static final double LARGEST = 2000;
    private static final int BYTES_OF_A_KIB = 1024;

    static AllReduceArguments parse(String[] words) {
        Map<String, String> values = new HashMap<>(DEFAULTS);
        boolean encrypted = false;
        for (int i = 0; i < words.length; i++) {
            String name = words[i];
            if (name.equals(ENCRYPT)) {
                encrypted = true;
                continue;
            }
            if (!DEFAULTS.containsKey(name) && !name.equals("--ranks") && !name.equals("--megabytes")) {
                throw refused(name + " is unknown", "See submit/bench --help");
            }
            if (i + 1 == words.length) {
                throw refused(name + " has no value", "Give it one");
            }
            values.put(name, words[++i]);
        }
        return new AllReduceArguments(
                count(values, "--ranks", 64),
                bytes(values.get("--megabytes")),
                oneOf(Transport.class, values, "--transport"),
                oneOf(WireType.class, values, "--dtype"),
                encrypted,
                count(values, "--streams", 64),
                count(values, "--slice-kib", 65536),
                count(values, "--rounds", 10_000));
    }

    private static int count(Map<String, String> values, String name, int most) {
        String value = values.get(name);
        if (value == null || !value.matches("[1-9][0-9]{0,5}") || Integer.parseInt(value) > most) {
            throw refused(
                    name + " is " + (value == null ? "missing" : value), "Set it to a whole number of 1 to " + most);
        }
        return Integer.parseInt(value);
    }

    private static int bytes(String megabytes) {
        if (megabytes == null
                || !megabytes.matches("[0-9]+(\\.[0-9]+)?")
                || Double.parseDouble(megabytes) > LARGEST
                || Double.parseDouble(megabytes) * 1e6 < Float.BYTES) {
            throw refused(
                    "--megabytes is " + (megabytes == null ? "missing" : megabytes),
                    "Set it to a number of at most " + (int) LARGEST);
        }
        return Float.BYTES * (int) (Double.parseDouble(megabytes) * 1e6 / Float.BYTES);
    }

    private static <E extends Enum<E>> E oneOf(Class<E> type, Map<String, String> values, String name) {
        String value = values.get(name);
        for (E constant : type.getEnumConstants()) {
            if (constant.name().toLowerCase(Locale.ROOT).equals(value)) {
                return constant;
            }
        }
        throw refused(
                name + " is " + value,
                "Set it to one of " + Arrays.toString(type.getEnumConstants()).toLowerCase(Locale.ROOT));
    }

    private static InvalidInputException refused(String found, String remedy) {
        return new InvalidInputException("Cannot measure all-reduce: " + found + ". " + remedy + ".");
    }

    RingOptions ringOptions() {
        return RingOptions.builder("127.0.0.1", new byte[32], "benchmark")
                .streams(streams)
                .sliceBytes(sliceKib * BYTES_OF_A_KIB)
                .transport(transport)
                .wire(wire)
                .encrypted(encrypted)
                .build();
    }

    void describe(Map<String, Object> report) {
        report.put("ranks", ranks);
        report.put("megabytes", bytes / 1e6);
        report.put("transport", transport.name().toLowerCase(Locale.ROOT));
        report.put("dtype", wire.name().toLowerCase(Locale.ROOT));
        report.put("encrypted", encrypted);
        report.put("streams", streams);
        report.put("slice_kib", sliceKib);
        report.put("rounds", rounds);
    }
}
