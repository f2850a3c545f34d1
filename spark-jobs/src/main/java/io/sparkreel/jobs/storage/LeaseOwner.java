// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.storage;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.model.ForeignText;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.UUID;

/**
 * Who owns a folder.
 *
 * @param id of the lease
 * @param job such as "bucketing"
 * @param host of the driver
 * @param process its number there
 * @param started when the driver did, ISO 8601
 * @param machine boot and process namespace of the host, in which the number means this process; empty if not known
 */
record LeaseOwner(
        @JsonProperty("id") String id,
        @JsonProperty("job") String job,
        @JsonProperty("host") String host,
        @JsonProperty("process") long process,
        @JsonProperty("started") String started,
        @JsonProperty("machine") String machine) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String BEAT = "beat";

    static LeaseOwner ofThisProcess(String job) {
        ProcessHandle self = ProcessHandle.current();
        return new LeaseOwner(UUID.randomUUID().toString(), job, hostName(), self.pid(), startOf(self), thisMachine());
    }

    private static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "an unnamed host";
        }
    }

    private static String startOf(ProcessHandle process) {
        return process.info()
                .startInstant()
                .orElse(Instant.EPOCH)
                .truncatedTo(ChronoUnit.SECONDS)
                .toString();
    }

    private static String thisMachine() {
        try {
            return Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip() + " "
                    + Files.readSymbolicLink(Path.of("/proc/self/ns/pid"));
        } catch (IOException | UnsupportedOperationException e) {
            return "";
        }
    }

    /** Whether it lives, if it is a process of this machine. */
    Optional<Boolean> isAliveHere() {
        if (machine.isEmpty() || !machine.equals(thisMachine())) {
            return Optional.empty();
        }
        // Numbers of processes come again.
        return Optional.of(ProcessHandle.of(process)
                .filter(ProcessHandle::isAlive)
                .map(LeaseOwner::startOf)
                .filter(started::equals)
                .isPresent());
    }

    /** @param beat makes each sign of life differ from the one before */
    byte[] json(long beat) throws IOException {
        return JSON.writeValueAsBytes(JSON.<ObjectNode>valueToTree(this).put(BEAT, beat));
    }

    /** Nothing if it is no claim of this version. */
    static Optional<LeaseOwner> parse(byte[] content) {
        try {
            if (!(JSON.readTree(content) instanceof ObjectNode node)) {
                return Optional.empty();
            }
            node.remove(BEAT);
            LeaseOwner owner = JSON.treeToValue(node, LeaseOwner.class);
            return Optional.of(owner).filter(read -> read.id != null && read.started != null && read.machine != null);
        } catch (JsonProcessingException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** Such as "bucketing job that started on host a (process 12) at 2026-01-01T00:00:00Z". */
    @Override
    public String toString() {
        return ForeignText.shown(job) + " job that started on " + ForeignText.shown(host) + " (process " + process
                + ") at " + ForeignText.shown(started);
    }
}
