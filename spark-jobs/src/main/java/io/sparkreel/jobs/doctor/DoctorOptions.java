// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.doctor;

import io.sparkreel.jobs.config.Device;
import io.sparkreel.model.command.CommandWords;
import io.sparkreel.model.command.Range;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** What the doctor is asked. Executors are asked the same. */
final class DoctorOptions implements Serializable {
    private static final long serialVersionUID = 1L;

    @Option(names = "--path", paramLabel = "DIR", description = "folder in which the jobs will read and write")
    private ArrayList<String> paths = new ArrayList<>();

    @Option(names = "--device", defaultValue = "auto", paramLabel = "MODE", description = "that the jobs will be given")
    private Device device;

    @Option(names = "--ranks", paramLabel = "N", description = "executors that the jobs will have")
    private Integer ranks;

    @Option(names = "--wait", defaultValue = "25", paramLabel = "S", description = "for executors to register")
    private int waitSeconds;

    @Option(names = "--min-free-gib", defaultValue = "10", paramLabel = "N", description = "least free disk space")
    @Range(least = 0)
    private double minFreeGib;

    private DoctorOptions() {}

    /** @throws io.sparkreel.model.InvalidInputException if an option is unknown or its value is none */
    static DoctorOptions parse(String... words) {
        return CommandWords.read(new DoctorOptions(), "start the doctor", words);
    }

    /** Folders of any file system; what is removed is not looked at any more. */
    List<String> paths() {
        return paths;
    }

    Device device() {
        return device;
    }

    /** Null: as many as the master is asked for. */
    Integer ranks() {
        return ranks;
    }

    int waitSeconds() {
        return waitSeconds;
    }

    /** For what is unpacked, cached and spilled. */
    double minFreeGib() {
        return minFreeGib;
    }
}
