// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.ring;

import static io.sparkreel.model.collective.ring.RankThreads.buffer;
import static io.sparkreel.model.collective.ring.RankThreads.expectedSum;
import static io.sparkreel.model.collective.ring.RankThreads.floats;
import static io.sparkreel.model.collective.ring.RankThreads.options;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.collective.FlatRange;
import io.sparkreel.model.collective.ThreadRendezvous;
import io.sparkreel.model.collective.ring.FaultyLink.Fault;
import io.sparkreel.model.collective.ring.RankThreads.Outcome;
import io.sparkreel.model.collective.ring.TcpRing.SegmentSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Shared memory, bf16 and encryption: what travels, and that nothing else changes. */
class RingTransportTest {

    private static final int COUNT = 100_003;

    @AfterEach
    void everythingIsGone() throws InterruptedException {
        RankThreads.assertNoRingThreads();
    }

    /** Files of shared memory that have a name. */
    static List<String> sharedFiles() throws IOException {
        List<String> names = new ArrayList<>();
        for (Path folder : List.of(Path.of("/dev/shm"), Path.of(System.getProperty("java.io.tmpdir")))) {
            if (Files.isDirectory(folder)) {
                try (Stream<Path> files = Files.list(folder)) {
                    files.map(Path::toString)
                            .filter(name -> name.contains("sparkreel-ring-"))
                            .forEach(names::add);
                }
            }
        }
        return names;
    }

    private static float[] sum(TcpRing ring, int count) {
        ByteBuffer data = buffer(RankThreads.values(ring.rank(), count, 1));
        ring.allReduceSum(data).await();
        return floats(data);
    }

    @ParameterizedTest
    @CsvSource({"2, 2, 262144", "3, 1, 8192", "5, 2, 65536", "4, 3, 20000", "32, 1, 8192"})
    void sharedMemoryGivesTheBitsThatSocketsGive(int worldSize, int streams, int sliceBytes) {
        RingOptions options = options().toBuilder()
                .transport(Transport.SHARED)
                .streams(streams)
                .sliceBytes(sliceBytes)
                .build();
        float[] expected = expectedSum(worldSize, COUNT, 1);
        for (Outcome<float[]> outcome : RankThreads.run(worldSize, options, ring -> {
            assertEquals(Transport.SHARED, ring.transport());
            assertEquals(List.of(), sharedFiles());
            float[] sum = sum(ring, COUNT);
            for (int count : new int[] {0, 1, 1000, 5000, COUNT, 3 * COUNT}) {
                sum(ring, count);
            }
            return sum;
        })) {
            assertArrayEquals(expected, outcome.get());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void oneRankWithoutSharedMemoryUsesSockets(boolean cannotCreate) {
        SegmentSource none = new SegmentSource() {
            @Override
            public SharedSegment create(int streams, int slotBytes) throws IOException {
                return cannotCreate ? fail() : SegmentSource.super.create(streams, slotBytes);
            }

            @Override
            public SharedSegment attach(String offer, int streams, int slotBytes) throws IOException {
                return cannotCreate ? SegmentSource.super.attach(offer, streams, slotBytes) : fail();
            }

            private SharedSegment fail() throws IOException {
                throw new IOException("No space left");
            }
        };
        IntFunction<SegmentSource> memory = rank -> rank == 2 ? none : new SegmentSource() {};
        float[] expected = expectedSum(4, COUNT, 1);
        ThreadRendezvous meeting = new ThreadRendezvous(4);
        List<Outcome<Transport>> outcomes = RankThreads.start(4, rank -> {
            try (TcpRing ring = TcpRing.connect(
                    options().toBuilder().transport(Transport.AUTO).build(), meeting.of(rank), memory.apply(rank))) {
                assertArrayEquals(expected, sum(ring, COUNT));
                return ring.transport();
            }
        });
        // The link from rank 2 to 3 is a socket where 2 has no memory to offer; that from 1 to 2 where 2 cannot map.
        int other = cannotCreate ? 3 : 1;
        for (int rank = 0; rank < 4; rank++) {
            assertEquals(
                    rank == 2 || rank == other ? Transport.AUTO : Transport.SHARED,
                    outcomes.get(rank).get());
        }
        ThreadRendezvous again = new ThreadRendezvous(4);
        for (Outcome<TcpRing> outcome : RankThreads.start(
                4,
                rank -> TcpRing.connect(
                        options().toBuilder().transport(Transport.SHARED).build(),
                        again.of(rank),
                        memory.apply(rank)))) {
            assertTrue(
                    outcome.failure().getMessage().contains("Set the transport to auto or tcp"),
                    outcome.failure().getMessage());
        }
    }

    @Test
    void memoryOfAnotherProcessOrHostIsNotTaken() throws IOException {
        try (SharedSegment segment = SharedSegment.create(2, 4096)) {
            String offer = segment.offer();
            SharedSegment.attach(offer, 2, 4096).close();
            char last = offer.charAt(offer.length() - 1);
            String otherToken = offer.substring(0, offer.length() - 1) + (last == '0' ? '1' : '0');
            assertThrows(IOException.class, () -> SharedSegment.attach(otherToken, 2, 4096));
            assertThrows(IOException.class, () -> SharedSegment.attach(offer, 3, 4096));
            assertThrows(IOException.class, () -> SharedSegment.attach("1 2 ../../etc", 2, 4096));
            segment.close();
            assertThrows(IOException.class, () -> SharedSegment.attach(offer, 2, 4096));
        }
    }

    @Test
    void bf16SumsAreThoseOfTheDocumentedRoundingOnEveryRankAndRoute() {
        float[] expected = roundedSum(3);
        for (RingOptions options : List.of(
                options(),
                options().toBuilder().transport(Transport.SHARED).build(),
                options().toBuilder()
                        .encrypted(true)
                        .streams(1)
                        .sliceBytes(5000)
                        .build())) {
            for (Outcome<float[]> outcome :
                    RankThreads.run(3, options.toBuilder().wire(WireType.BF16).build(), ring -> {
                        assertArrayEquals(
                                new byte[][] {{0, 7}, {1, 7}, {2, 7}},
                                ring.allGather(new byte[] {(byte) ring.rank(), 7}));
                        return sum(ring, COUNT);
                    })) {
                assertArrayEquals(expected, outcome.get());
            }
        }
    }

    /** Each hop sends a bf16 value and adds it in fp32; the last sum is rounded too. */
    private static float[] roundedSum(int worldSize) {
        float[] sums = new float[COUNT];
        for (int chunk = 0; chunk < worldSize; chunk++) {
            for (int index = (int) FlatRange.partBegin(COUNT, chunk, worldSize);
                    index < FlatRange.partBegin(COUNT, chunk + 1, worldSize);
                    index++) {
                for (int hop = 1; hop <= worldSize; hop++) {
                    sums[index] = bf16(sums[index]) + values((chunk + hop) % worldSize)[index];
                }
                sums[index] = bf16(sums[index]);
            }
        }
        return sums;
    }

    private static final float[][] VALUES = new float[3][];

    private static float[] values(int rank) {
        if (VALUES[rank] == null) {
            VALUES[rank] = RankThreads.values(rank, COUNT, 1);
        }
        return VALUES[rank];
    }

    /** By the definition: the nearer of the two neighbours, the even one when both are equally near. */
    private static float bf16(float value) {
        float below = Float.intBitsToFloat(Float.floatToRawIntBits(value) & 0xffff0000);
        float above = Float.intBitsToFloat((Float.floatToRawIntBits(value) & 0xffff0000) + 0x10000);
        double toBelow = Math.abs((double) value - below);
        double toAbove = Math.abs((double) above - value);
        boolean belowIsEven = (Float.floatToRawIntBits(value) & 0x10000) == 0;
        return toBelow < toAbove || (toBelow == toAbove && belowIsEven) ? below : above;
    }

    @Test
    void bf16KeepsWhatIsNotANumber() {
        ByteBuffer data = buffer(new float[] {
            Float.NaN,
            Float.intBitsToFloat(0x7fffffff),
            Float.POSITIVE_INFINITY,
            Float.MAX_VALUE,
            -0f,
            Float.intBitsToFloat(0xff800001)
        });
        WireType.BF16.round(data);
        float[] rounded = floats(data);
        assertTrue(Float.isNaN(rounded[0]) && Float.isNaN(rounded[1]) && Float.isNaN(rounded[5]));
        assertEquals(Float.POSITIVE_INFINITY, rounded[2]);
        assertEquals(Float.POSITIVE_INFINITY, rounded[3]);
        assertEquals(-0f, rounded[4]);
    }

    @Test
    void partsAreScatteredAndGatheredToTheBitsOfAnAllReduce() {
        for (WireType wire : WireType.values()) {
            for (Transport transport : List.of(Transport.TCP, Transport.SHARED)) {
                RingOptions options = options().toBuilder()
                        .transport(transport)
                        .wire(wire)
                        .sliceBytes(16_384)
                        .build();
                for (Outcome<Object> outcome : RankThreads.run(3, options, ring -> {
                    float[] expected = sum(ring, COUNT);
                    ByteBuffer data = buffer(RankThreads.values(ring.rank(), COUNT, 1));
                    ring.reduceScatterSum(FlatRange.of(data)).await();
                    int begin = (int) FlatRange.partBegin(COUNT, ring.rank(), 3);
                    int end = (int) FlatRange.partBegin(COUNT, ring.rank() + 1, 3);
                    assertArrayEquals(
                            Arrays.copyOfRange(expected, begin, end), Arrays.copyOfRange(floats(data), begin, end));
                    ring.allGatherParts(FlatRange.of(data)).await();
                    assertArrayEquals(expected, floats(data));
                    return null;
                })) {
                    outcome.get();
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void encryptionChangesNoResult(int worldSize) {
        float[] expected = expectedSum(worldSize, COUNT, 1);
        for (Outcome<float[]> outcome : RankThreads.run(
                worldSize,
                options().toBuilder().transport(Transport.AUTO).encrypted(true).build(),
                ring -> {
                    assertEquals(Transport.TCP, ring.transport());
                    ring.barrier();
                    return sum(ring, COUNT);
                })) {
            assertArrayEquals(expected, outcome.get());
        }
        assertThrows(
                InvalidInputException.class,
                () -> options().toBuilder()
                        .encrypted(true)
                        .transport(Transport.SHARED)
                        .build());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void onlyEncryptionHidesWhatIsSent(boolean encrypted) throws IOException {
        byte[] mine = "a value that nobody else should read".getBytes(StandardCharsets.US_ASCII);
        ThreadRendezvous meeting = new ThreadRendezvous(2);
        try (FaultyLink link = new FaultyLink(Fault.NONE)) {
            RankThreads.run(
                            2,
                            rank -> rank == 0 ? link.before(1, meeting.of(rank)) : meeting.of(rank),
                            rank -> options().toBuilder().encrypted(encrypted).build(),
                            ring -> ring.allGather(mine))
                    .forEach(Outcome::get);
            String passed = new String(link.passed(), StandardCharsets.ISO_8859_1);
            assertEquals(!encrypted, passed.contains(new String(mine, StandardCharsets.US_ASCII)));
            assertFalse(passed.contains(new String(RankThreads.SECRET, StandardCharsets.US_ASCII)));
        }
    }

    @Test
    void keysAreDerivedAsTheStandardSays() {
        // RFC 5869, test case 1.
        HexFormat hex = HexFormat.of();
        assertEquals(
                "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
                hex.formatHex(FrameCipher.hkdf(
                        hex.parseHex("000102030405060708090a0b0c"),
                        hex.parseHex("0b".repeat(22)),
                        hex.parseHex("f0f1f2f3f4f5f6f7f8f9"),
                        42)));
    }

    @Test
    void aRepeatedLeftOutOrChangedMessageDoesNotOpen() throws Exception {
        byte[] salt = new byte[60];
        FrameCipher sender = FrameCipher.ofCaller(RankThreads.SECRET, salt, salt);
        ByteBuffer first = ByteBuffer.allocate(64);
        sender.seal(ByteBuffer.wrap(new byte[] {1, 2, 3}), first);
        ByteBuffer second = ByteBuffer.allocate(64);
        sender.seal(ByteBuffer.wrap(new byte[] {4, 5, 6}), second);
        FrameCipher receiver = FrameCipher.ofCaller(RankThreads.SECRET, salt, salt);
        ByteBuffer opened = ByteBuffer.allocate(64);
        receiver.open(first.flip().duplicate(), opened, "a test");
        assertArrayEquals(new byte[] {1, 2, 3}, Arrays.copyOf(opened.array(), opened.position()));
        assertThrows(FrameException.class, () -> receiver.open(first.duplicate(), ByteBuffer.allocate(64), "a test"));
        FrameCipher other = FrameCipher.ofCaller(RankThreads.SECRET, salt, salt);
        assertThrows(
                FrameException.class, () -> other.open(second.flip().duplicate(), ByteBuffer.allocate(64), "a test"));
        assertThrows(
                FrameException.class,
                () -> FrameCipher.ofListener(RankThreads.SECRET, salt, salt)
                        .open(first.duplicate(), ByteBuffer.allocate(64), "a test"));
    }
}
