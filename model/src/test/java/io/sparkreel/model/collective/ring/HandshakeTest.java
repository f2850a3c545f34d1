// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.ring;

import static io.sparkreel.model.collective.ring.RankThreads.options;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.collective.CollectiveException;
import io.sparkreel.model.collective.ThreadRendezvous;
import io.sparkreel.model.collective.ring.Handshake.Hello;
import io.sparkreel.model.collective.ring.Handshake.Status;
import io.sparkreel.model.collective.ring.RankThreads.Outcome;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Rank 1 of 2 listens; strangers and its true neighbour, rank 0, call. */
class HandshakeTest {

    private static final RingOptions OPTIONS = options().toBuilder()
            .stallTimeout(Duration.ofSeconds(5))
            .connectTimeout(Duration.ofSeconds(5))
            .build();
    private static final long ATTEMPT = Handshake.attemptCode(OPTIONS.attemptId());

    @AfterEach
    void everythingIsGone() throws InterruptedException {
        RankThreads.assertNoRingThreads();
    }

    @Test
    void theProofIsTheHmacThatOpensslComputes() {
        // printf 'calleraaaa...(60)bbbb...(32)' | openssl dgst -sha256 -mac HMAC -macopt key:0123456789abcdef
        byte[] hello = "a".repeat(Handshake.HELLO_BYTES).getBytes(StandardCharsets.US_ASCII);
        byte[] nonce = "b".repeat(Handshake.NONCE_BYTES).getBytes(StandardCharsets.US_ASCII);
        byte[] key = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
        assertEquals(
                "b15a216e3dea2f05abd5163d3900466ee66e8f2055838c3ed6776aa38e98e2fd",
                HexFormat.of().formatHex(Handshake.callerProof(key, hello, nonce)));
        assertEquals(
                "710ee7121f7f36c0268ed5319d9b4362fe044b0b8890c3ce1a28bda4310673ba",
                HexFormat.of().formatHex(Handshake.listenerProof(key, hello, nonce)));
    }

    @Test
    void ranksWithDifferentSecretsRefuseEachOther() {
        ThreadRendezvous meeting = new ThreadRendezvous(2);
        RingOptions other = RingOptions.builder("127.0.0.1", new byte[32], OPTIONS.attemptId())
                .transport(OPTIONS.transport())
                .build();
        List<Outcome<Object>> outcomes =
                RankThreads.run(2, meeting::of, RankThreads.forRank(1, other, OPTIONS), ring -> null);
        for (int rank = 0; rank < 2; rank++) {
            CollectiveException failure = outcomes.get(rank).failure();
            assertEquals(1 - rank, failure.failedRank());
            assertTrue(failure.getMessage().contains("secret"), failure.getMessage());
        }
    }

    @Test
    void aRecordedConversationIsOfNoUse() throws Exception {
        byte[] hello = new Hello(0, 0, 1, 2, ATTEMPT).encode();
        byte[] proof;
        try (RingListener listener = new RingListener(OPTIONS, 1, 2);
                Socket caller = call(listener)) {
            caller.getOutputStream().write(hello);
            byte[] nonce = answer(caller, Status.WELCOME);
            proof = Handshake.callerProof(RankThreads.SECRET, hello, nonce);
            caller.getOutputStream().write(proof);
            assertArrayEquals(
                    Handshake.listenerProof(RankThreads.SECRET, hello, nonce), answer(caller, Status.WELCOME));
        }
        try (RingListener listener = new RingListener(OPTIONS, 1, 2)) {
            try (Socket replay = call(listener)) {
                replay.getOutputStream().write(hello);
                answer(replay, Status.WELCOME);
                replay.getOutputStream().write(proof);
                answer(replay, Status.NO_PROOF);
                assertClosed(replay);
            }
            theTrueNeighbourGetsIn(listener);
        }
    }

    @Test
    void aListenersProofCannotBeSentBackToIt() throws Exception {
        try (RingListener listener = new RingListener(OPTIONS, 1, 2);
                Socket caller = call(listener)) {
            byte[] hello = new Hello(0, 0, 1, 2, ATTEMPT).encode();
            caller.getOutputStream().write(hello);
            byte[] nonce = answer(caller, Status.WELCOME);
            caller.getOutputStream().write(Handshake.listenerProof(RankThreads.SECRET, hello, nonce));
            answer(caller, Status.NO_PROOF);
        }
    }

    @Test
    void callersOfAnotherAttemptPlaceOrStreamAreRefused() throws Exception {
        try (RingListener listener = new RingListener(OPTIONS, 1, 2)) {
            assertRefused(listener, new Hello(0, 0, 1, 2, ATTEMPT + 1), Status.OTHER_ATTEMPT);
            assertRefused(listener, new Hello(0, 1, 1, 2, ATTEMPT), Status.OTHER_PLACE);
            assertRefused(listener, new Hello(0, 0, 0, 2, ATTEMPT), Status.OTHER_PLACE);
            assertRefused(listener, new Hello(0, 0, 1, 3, ATTEMPT), Status.OTHER_PLACE);
            assertRefused(listener, new Hello(OPTIONS.streams(), 0, 1, 2, ATTEMPT), Status.OTHER_PLACE);
            assertRefused(listener, new Hello(-2, 0, 1, 2, ATTEMPT), Status.OTHER_PLACE);
            theTrueNeighbourGetsIn(listener);
        }
    }

    @Test
    void silentCallersAreDroppedAndHoldUpNobody() throws Exception {
        AtomicLong clock = new AtomicLong();
        byte[] hello = new Hello(0, 0, 1, 2, ATTEMPT).encode();
        try (RingListener listener = new RingListener(clock::get, OPTIONS, 1, 2);
                Socket silent = call(listener);
                Socket halting = call(listener);
                Socket slow = call(listener)) {
            halting.getOutputStream().write(hello, 0, 30);
            twoAreTurnedAway(listener);
            clock.set(RingListener.PATIENCE_NANOS);
            twoAreTurnedAway(listener);
            slow.getOutputStream().write(hello);
            answer(slow, Status.WELCOME); // so nobody has been dropped yet
            clock.incrementAndGet();
            assertClosed(silent);
            assertClosed(halting);
            assertClosed(slow);
            theTrueNeighbourGetsIn(listener);
        }
    }

    /** When the second is, the listener has looked at all its callers since it met the first. */
    private static void twoAreTurnedAway(RingListener listener) throws IOException {
        assertRefused(listener, new Hello(0, 0, 1, 2, ATTEMPT + 1), Status.OTHER_ATTEMPT);
        assertRefused(listener, new Hello(0, 0, 1, 2, ATTEMPT + 1), Status.OTHER_ATTEMPT);
    }

    @Test
    void garbageIsRefusedAThousandTimesAndTheListenerGoesOn() throws Exception {
        Random random = new Random(4);
        try (RingListener listener = new RingListener(OPTIONS, 1, 2)) {
            for (int call = 0; call < 1000; call++) {
                byte[] garbage = new byte[10_000];
                random.nextBytes(garbage);
                try (Socket stranger = call(listener)) {
                    stranger.getOutputStream().write(garbage);
                    assertClosed(stranger);
                } catch (IOException refused) {
                    // The listener hung up while the rest was still being sent.
                }
            }
            theTrueNeighbourGetsIn(listener);
        }
    }

    @Test
    void aNeighbourThatNeverAnswersIsNamed() throws Exception {
        try (ServerSocket mute = new ServerSocket(0, 10, InetAddress.getByName("127.0.0.1"))) {
            CollectiveException failure = connectTo(mute.getLocalPort());
            assertTrue(failure.getMessage().contains("did not answer the handshake"), failure.getMessage());
        }
    }

    @Test
    void anImpostorAtTheNeighboursPortIsFoundOut() throws Exception {
        try (ServerSocket impostor = new ServerSocket(0, 10, InetAddress.getByName("127.0.0.1"))) {
            Thread thread = new Thread(() -> {
                try (Socket caller = impostor.accept()) {
                    caller.getInputStream().readNBytes(Handshake.HELLO_BYTES);
                    caller.getOutputStream().write(new byte[Handshake.ANSWER_BYTES]);
                    caller.getInputStream().readNBytes(Handshake.PROOF_BYTES);
                    caller.getOutputStream().write(new byte[Handshake.ANSWER_BYTES]);
                    caller.getInputStream().read();
                } catch (IOException ended) {
                    // The caller hung up.
                }
            });
            thread.start();
            CollectiveException failure = connectTo(impostor.getLocalPort());
            assertTrue(failure.getMessage().contains("could not prove"), failure.getMessage());
            thread.join();
        }
    }

    @Test
    void aPortRangeThatIsTakenIsNamed() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 10, InetAddress.getByName("127.0.0.1"))) {
            int port = taken.getLocalPort();
            InvalidInputException refused = assertThrows(
                    InvalidInputException.class,
                    () -> new RingListener(OPTIONS.toBuilder().ports(port, port).build(), 1, 2).close());
            assertTrue(refused.getMessage().contains("ports " + port + "-" + port), refused.getMessage());
            try (RingListener next = new RingListener(
                    OPTIONS.toBuilder().ports(port, Math.min(65535, port + 50)).build(), 1, 2)) {
                assertTrue(next.port() > port);
            }
        }
    }

    private static CollectiveException connectTo(int port) {
        Ranks ranks = new Ranks(
                0,
                List.of(
                        InetSocketAddress.createUnresolved("127.0.0.1", 1),
                        InetSocketAddress.createUnresolved("127.0.0.1", port)));
        RingOptions hasty = OPTIONS.toBuilder()
                .stallTimeout(Duration.ofSeconds(1))
                .connectTimeout(Duration.ofMillis(600))
                .build();
        CollectiveException failure =
                assertThrows(CollectiveException.class, () -> new RingConnector(hasty, ranks).connect());
        assertEquals(1, failure.failedRank());
        return failure;
    }

    private static void theTrueNeighbourGetsIn(RingListener listener) throws InterruptedException {
        Ranks ranks = new Ranks(
                0,
                List.of(
                        InetSocketAddress.createUnresolved("127.0.0.1", 1),
                        InetSocketAddress.createUnresolved("127.0.0.1", listener.port())));
        try (RingChannels calling = new RingConnector(OPTIONS, ranks).connect();
                RingChannels accepted = listener.await(Duration.ofSeconds(5), ranks)) {
            assertTrue(calling.isComplete() && accepted.isComplete());
        }
    }

    private static void assertRefused(RingListener listener, Hello hello, Status status) throws IOException {
        try (Socket caller = call(listener)) {
            caller.getOutputStream().write(hello.encode());
            answer(caller, status);
            assertClosed(caller);
        }
    }

    private static Socket call(RingListener listener) throws IOException {
        Socket socket = new Socket("127.0.0.1", listener.port());
        socket.setSoTimeout(3000);
        return socket;
    }

    private static byte[] answer(Socket caller, Status expected) throws IOException {
        byte[] answer = caller.getInputStream().readNBytes(Handshake.ANSWER_BYTES);
        assertEquals(Handshake.ANSWER_BYTES, answer.length);
        assertEquals(expected, Status.of(answer[0]));
        return Arrays.copyOfRange(answer, 1, answer.length);
    }

    private static void assertClosed(Socket caller) throws IOException {
        try {
            int skipped = 0;
            while (caller.getInputStream().read() >= 0) {
                assertFalse(++skipped > Handshake.ANSWER_BYTES);
            }
        } catch (SocketException reset) {
            // Closed as well, with something unread.
        }
    }
}
