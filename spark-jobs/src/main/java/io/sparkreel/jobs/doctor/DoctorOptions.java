// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.doctor;

import io.sparkreel.jobs.config.Device;
import io.sparkreel.jobs.error.UserError;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What the doctor is asked.
 *
 * @param paths folders of any file system in which the jobs will read and write
 * @param device that the jobs will be given
 * @param ranks executors that the jobs will have; null: as many as the master is asked for
 * @param waitSeconds how long executors may take to register
 * @param minFreeGib least free disk space for what is unpacked, cached and spilled
 */
record DoctorOptions(List<String> paths, Device device, Integer ranks, int waitSeconds, double minFreeGib)
        implements Serializable {
    private static final int WAIT_SECONDS = 25;
    private static final double MIN_FREE_GIB = 10;

    /** @throws UserError if an option is unknown or its value is none */
    static DoctorOptions parse(String... words) {
        List<String> paths = new ArrayList<>();
        Device device = Device.AUTO;
        Integer ranks = null;
        int wait = WAIT_SECONDS;
        double free = MIN_FREE_GIB;
        for (int at = 0; at < words.length; at++) {
            String name = words[at].replace('_', '-');
            String value;
            int equals = name.indexOf('=');
            if (equals > 0) {
                value = words[at].substring(equals + 1);
                name = name.substring(0, equals);
            } else if (at + 1 < words.length) {
                value = words[++at];
            } else {
                throw new UserError("Cannot start the doctor: '" + words[at] + "' has no value, or is no option. See"
                        + " submit/doctor --help.");
            }
            switch (name) {
                case "--path" -> paths.add(value);
                case "--device" -> device = device(value);
                case "--ranks" -> ranks = (int) number(name, value, 1);
                case "--wait" -> wait = (int) number(name, value, 1);
                case "--min-free-gib" -> free = number(name, value, 0);
                default ->
                    throw new UserError(
                            "Cannot start the doctor: unknown option '" + name + "'. See submit/doctor --help.");
            }
        }
        return new DoctorOptions(paths, device, ranks, wait, free);
    }

    private static Device device(String value) {
        try {
            return Device.valueOf(value.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new UserError("Cannot start the doctor: --device is '" + value + "'. Give auto, cuda or cpu.", e);
        }
    }

    private static double number(String name, String value, double least) {
        try {
            double number = Double.parseDouble(value);
            if (number >= least && number <= 1e6) {
                return number;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new UserError("Cannot start the doctor: " + name + " is '" + value + "'. Give a number from "
                + (long) least + " on.");
    }
}
