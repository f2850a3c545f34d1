// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.ring;

import io.sparkreel.model.InvalidInputException;
import java.time.Duration;

/**
 * How a {@link TcpRing} connects. All but the host and the ports must be equal on all ranks. Only {@code wire} changes
 * results.
 *
 * @param bindHost address of this rank that the others can reach (an executor's own, never a wildcard)
 * @param portMin first port to try, or 0 for any free one
 * @param portMax last port to try; 0 where {@code portMin} is 0
 * @param streams connections to each neighbour, each with a thread of its own
 * @param sliceBytes largest piece that is sent, received and added at a time, a multiple of 4
 * @param transport how payload travels
 * @param wire as what values of sums travel
 * @param encrypted whether all that travels is encrypted (AES-256-GCM); then nothing goes through shared memory
 * @param stallTimeout within this time a rank that is silent, or lets others wait without progress, is named by all
 * @param connectTimeout within this time all ranks have found each other
 * @param secret what every rank of this attempt knows and nobody else, at least 16 bytes
 * @param attemptId name of this attempt at the run; ranks of another attempt are refused
 */
public record RingOptions(
        String bindHost,
        int portMin,
        int portMax,
        int streams,
        int sliceBytes,
        Transport transport,
        WireType wire,
        boolean encrypted,
        Duration stallTimeout,
        Duration connectTimeout,
        byte[] secret,
        String attemptId) {

    private static final int SECRET_BYTES = 16;
    private static final int LARGEST_SLICE = 1 << 26;
    private static final Duration SHORTEST_TIMEOUT = Duration.ofMillis(100);
    private static final Duration LONGEST_TIMEOUT = Duration.ofDays(1);

    public RingOptions {
        require(
                !bindHost.isBlank() && !bindHost.contains(" ") && !bindHost.equals("0.0.0.0") && !bindHost.equals("::"),
                "bindHost",
                bindHost,
                "Give the address at which the other ranks reach this one");
        require(
                portMin >= 0 && portMax <= 65535 && portMin <= portMax && (portMin > 0 || portMax == 0),
                "ports",
                portMin + "-" + portMax,
                "Use a range such as 40000-40063, or 0-0 for any port");
        require(streams >= 1 && streams <= 64, "streams", streams, "Use 1 to 64");
        require(
                sliceBytes >= 4 && sliceBytes <= LARGEST_SLICE && sliceBytes % 4 == 0,
                "sliceBytes",
                sliceBytes,
                "Use a multiple of 4 up to " + LARGEST_SLICE);
        require(
                transport != Transport.SHARED || !encrypted,
                "transport",
                "SHARED",
                "Shared memory is not encrypted: use auto or tcp with encryption");
        requireTimeout("stallTimeout", stallTimeout);
        requireTimeout("connectTimeout", connectTimeout);
        require(
                secret.length >= SECRET_BYTES,
                "secret",
                secret.length + " bytes",
                "Use at least " + SECRET_BYTES + " random bytes, the same on every rank");
        require(!attemptId.isEmpty(), "attemptId", "\"\"", "Name the attempt");
        secret = secret.clone();
    }

    /** The defaults: any port, shared memory where possible, fp32, no encryption, timeouts of 30 s. */
    public static RingOptions of(String bindHost, byte[] secret, String attemptId) {
        return builder(bindHost, secret, attemptId).build();
    }

    /** Starts from the defaults; see {@link #of}. */
    public static Builder builder(String bindHost, byte[] secret, String attemptId) {
        return new Builder(bindHost, secret, attemptId);
    }

    /** Starts from these options. */
    public Builder toBuilder() {
        return new Builder(bindHost, secret, attemptId)
                .ports(portMin, portMax)
                .streams(streams)
                .sliceBytes(sliceBytes)
                .transport(transport)
                .wire(wire)
                .encrypted(encrypted)
                .stallTimeout(stallTimeout)
                .connectTimeout(connectTimeout);
    }

    /** Collects options, which {@link #build} checks; see the parameters of {@link RingOptions}. */
    public static final class Builder {
        private final String bindHost;
        private final byte[] secret;
        private final String attemptId;
        private int portMin;
        private int portMax;
        private int streams = 2;
        private int sliceBytes = 1 << 18;
        private Transport transport = Transport.AUTO;
        private WireType wire = WireType.FP32;
        private boolean encrypted;
        private Duration stallTimeout = Duration.ofSeconds(30);
        private Duration connectTimeout = Duration.ofSeconds(30);

        private Builder(String bindHost, byte[] secret, String attemptId) {
            this.bindHost = bindHost;
            this.secret = secret;
            this.attemptId = attemptId;
        }

        public Builder ports(int first, int last) {
            portMin = first;
            portMax = last;
            return this;
        }

        public Builder streams(int count) {
            streams = count;
            return this;
        }

        public Builder sliceBytes(int bytes) {
            sliceBytes = bytes;
            return this;
        }

        public Builder transport(Transport chosen) {
            transport = chosen;
            return this;
        }

        public Builder wire(WireType chosen) {
            wire = chosen;
            return this;
        }

        public Builder encrypted(boolean on) {
            encrypted = on;
            return this;
        }

        public Builder stallTimeout(Duration time) {
            stallTimeout = time;
            return this;
        }

        public Builder connectTimeout(Duration time) {
            connectTimeout = time;
            return this;
        }

        /** @throws InvalidInputException if an option cannot be used */
        public RingOptions build() {
            return new RingOptions(
                    bindHost,
                    portMin,
                    portMax,
                    streams,
                    sliceBytes,
                    transport,
                    wire,
                    encrypted,
                    stallTimeout,
                    connectTimeout,
                    secret,
                    attemptId);
        }
    }

    @Override
    public byte[] secret() {
        return secret.clone();
    }

    /** What must be equal on all ranks, but for the secret. */
    String shared() {
        return "streams=" + streams + " slice=" + sliceBytes + " transport=" + transport + " wire=" + wire
                + " encrypted=" + encrypted;
    }

    /** Everything but the secret. */
    @Override
    public String toString() {
        return "RingOptions[" + bindHost + ":" + portMin + "-" + portMax + ", " + shared() + ", stallTimeout="
                + stallTimeout + ", connectTimeout=" + connectTimeout + ", attemptId=" + attemptId + "]";
    }

    private static void requireTimeout(String name, Duration value) {
        require(
                value.compareTo(SHORTEST_TIMEOUT) >= 0 && value.compareTo(LONGEST_TIMEOUT) <= 0,
                name,
                value,
                "Use 100 ms to 1 day");
    }

    private static void require(boolean holds, String name, Object value, String advice) {
        if (!holds) {
            throw new InvalidInputException("Cannot set up the ring: " + name + " is " + value + ". " + advice + ".");
        }
    }
}
