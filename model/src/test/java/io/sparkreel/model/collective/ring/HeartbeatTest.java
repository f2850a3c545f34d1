// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.ring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.model.collective.ring.ControlLink.Pulse;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * When a rank is found to have failed: the control threads of a ring of four, taking turns in one thread under clocks
 * that the test moves. Their sockets are those of the host, which deliver at once.
 */
class HeartbeatTest {
    private static final int RANKS = 4;
    private static final Duration STEP = Duration.ofMillis(100);
    private static final RingOptions OPTIONS = RankThreads.options().toBuilder()
            .stallTimeout(Duration.ofSeconds(30))
            .build();
    /** Leaves of the timeout what beats and news need on their way. */
    private static final Duration PATIENCE = Duration.ofSeconds(24);

    @TempDir
    private Path folder;

    private final List<Member> members = new ArrayList<>();

    /** One rank: what it says of itself, and whether its control thread runs. */
    private static final class Member implements Heartbeat.Inflow {
        private final Ranks ranks;
        private final RingFailure failure;
        private final RingChannels left;
        private final RingChannels right;
        private final Heartbeat heartbeat;
        private long now = -Duration.ofSeconds(15).toNanos(); // as that of a host, which may be negative
        private long standstill;
        private long elsewhereSince;
        private long activity;
        private long sentBytes;
        private long receivedBytes;
        private boolean waiting;
        private long quietSince;
        private boolean runs = true;

        Member(int rank, SocketChannel left, SocketChannel right) throws IOException {
            ranks = new Ranks(rank, Collections.nCopies(RANKS, InetSocketAddress.createUnresolved("host", 1)));
            failure = new RingFailure(this::nanoTime, ranks);
            this.left = channels(left);
            this.right = channels(right);
            heartbeat = new Heartbeat(
                    this::nanoTime,
                    ranks,
                    this.left,
                    this.right,
                    List.of(this),
                    () -> new Pulse(elsewhereSince == 0 && !waiting ? 0 : 1, 0, activity, new long[] {sentBytes}),
                    () -> elsewhereSince,
                    OPTIONS,
                    failure);
        }

        private static RingChannels channels(SocketChannel control) throws IOException {
            control.configureBlocking(false);
            RingChannels channels = new RingChannels(0);
            channels.put(Handshake.CONTROL, new RingConnection(control, null, null));
            return channels;
        }

        private long nanoTime() {
            long shown = now;
            now += standstill; // after the look at which it began
            standstill = 0;
            return shown;
        }

        void turn() throws IOException {
            heartbeat.wake(); // nobody waits for time to pass
            heartbeat.turn();
            if (failure.isDecided()) {
                leave();
            }
        }

        void leave() {
            heartbeat.sayWhy();
            runs = false;
        }

        /** Waits for the others, beside the ring. */
        void waitElsewhere() {
            elsewhereSince = now;
        }

        /** Waits for data of its left neighbour. */
        void waitForData() {
            waiting = true;
            quietSince = now;
        }

        @Override
        public boolean isWaiting() {
            return waiting;
        }

        @Override
        public long receivedBytes() {
            return receivedBytes;
        }

        @Override
        public long quietSince() {
            return quietSince;
        }
    }

    @BeforeEach
    void join() throws IOException {
        List<SocketChannel> calling = new ArrayList<>();
        List<SocketChannel> accepted = new ArrayList<>();
        for (int rank = 0; rank < RANKS; rank++) {
            UnixDomainSocketAddress address = UnixDomainSocketAddress.of(folder.resolve("right-of-" + rank));
            try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
                calling.add(SocketChannel.open(server.bind(address).getLocalAddress()));
                accepted.add(server.accept());
            }
        }
        for (int rank = 0; rank < RANKS; rank++) {
            members.add(new Member(rank, accepted.get((rank + RANKS - 1) % RANKS), calling.get(rank)));
        }
    }

    @AfterEach
    void end() {
        members.forEach(member -> member.heartbeat.close());
    }

    private Member rank(int rank) {
        return members.get(rank);
    }

    private void joined() throws IOException {
        members.forEach(member -> member.heartbeat.joined());
        pass(Duration.ofSeconds(10));
    }

    private void turns() throws IOException {
        for (Member member : members) {
            if (member.runs) {
                member.turn();
            }
        }
    }

    private void pass(Duration time) throws IOException {
        Duration passed = Duration.ZERO;
        turns();
        while (passed.compareTo(time) < 0) {
            members.forEach(member -> member.now += STEP.toNanos());
            passed = passed.plus(STEP);
            turns();
        }
    }

    /** How long it takes until something is so. */
    private Duration until(BooleanSupplier reached) throws IOException {
        Duration passed = Duration.ZERO;
        while (!reached.getAsBoolean()) {
            assertTrue(passed.toMinutes() < 10, "it does not come");
            pass(STEP);
            passed = passed.plus(STEP);
        }
        return passed;
    }

    private boolean someoneKnows() {
        return members.stream().anyMatch(member -> member.failure.isDecided());
    }

    private boolean allKnowBut(int rank) {
        return members.stream()
                .filter(member -> member.ranks.own() != rank)
                .allMatch(member -> member.failure.isDecided());
    }

    private void assertBlamed(int rank, String found) {
        for (Member member : members) {
            if (member.ranks.own() != rank) {
                RingFailure.Cause cause = member.failure.cause();
                assertEquals(rank, cause.rank(), cause.found());
                assertTrue(cause.found().contains(found), cause.found());
            }
        }
    }

    /** Nobody knows until the patience is over, and all know within the timeout that users set. */
    private void assertFoundInTime(int rank, String found) throws IOException {
        assertEquals(PATIENCE.plus(STEP), until(this::someoneKnows));
        Duration news = until(() -> allKnowBut(rank));
        assertTrue(PATIENCE.plus(STEP).plus(news).compareTo(OPTIONS.stallTimeout()) < 0, news::toString);
        assertBlamed(rank, found);
    }

    @Test
    void ranksThatBeatAreNeverBlamedHoweverLongTheyCompute() throws IOException {
        joined();
        pass(Duration.ofMinutes(10));
        assertFalse(someoneKnows());
    }

    @Test
    void aSilentRankIsNamedByAllWithinTheTimeout() throws IOException {
        joined();
        rank(1).runs = false;
        assertFoundInTime(1, " has sent no heartbeat for 24.1 s");
    }

    @Test
    void aRankThatIsCutOffIsNamedByAllInNoTime() throws IOException {
        joined();
        rank(1).runs = false;
        rank(1).left.close();
        rank(1).right.close();
        for (int turn = 0; turn < RANKS; turn++) {
            turns();
        }
        assertBlamed(1, " closed its connection without a goodbye: its process ended or was cut off");
    }

    @Test
    void whoSaysGoodbyeIsNotBlamedForItsSilence() throws IOException {
        joined();
        rank(1).leave();
        pass(PATIENCE.multipliedBy(2));
        assertFalse(someoneKnows());
    }

    @Test
    void noBeatIsDueBeforeAllHaveHadTheTimeToConnect() throws IOException {
        rank(1).runs = false;
        pass(OPTIONS.connectTimeout());
        assertFalse(someoneKnows());
        assertFoundInTime(1, " has sent no heartbeat for 24.1 s");
    }

    @Test
    void aTaskThatLetsOthersWaitIsNamedThoughItsProcessAnswers() throws IOException {
        joined();
        for (int waiting : new int[] {0, 1, 3}) {
            rank(waiting).waitElsewhere();
        }
        assertFoundInTime(2, " has let others wait for 24.1 s and shows no progress, though its process answers");
    }

    @Test
    void aTaskThatShowsProgressIsWaitedFor() throws IOException {
        joined();
        for (int waiting : new int[] {0, 1, 3}) {
            rank(waiting).waitForData();
        }
        for (int piece = 0; piece < 10; piece++) {
            rank(2).activity++;
            pass(Duration.ofSeconds(20));
            assertFalse(someoneKnows());
        }
        // The last progress came to its neighbour with the next beat, up to two seconds later.
        Duration left = until(this::someoneKnows);
        assertTrue(
                left.compareTo(Duration.ofSeconds(4)) > 0 && left.compareTo(Duration.ofSeconds(7)) < 0, left::toString);
        until(() -> allKnowBut(2));
        assertBlamed(2, "shows no progress");
    }

    @Test
    void bytesThatDoNotArriveAreTheirSendersFault() throws IOException {
        joined();
        members.forEach(Member::waitForData);
        rank(2).sentBytes = 100;
        rank(3).receivedBytes = 30;
        pass(Duration.ofSeconds(20));
        rank(3).receivedBytes = 40; // something moves, so time counts anew
        turns();
        assertFoundInTime(2, " says it sent 60 bytes on stream 0 that have not arrived for 24.1 s");
    }

    @Test
    void timeInWhichTheRankItselfStoodStillIsNoOnesSilence() throws IOException {
        joined();
        members.forEach(Member::waitForData);
        rank(2).sentBytes = 100;
        pass(Duration.ofSeconds(20));
        rank(3).standstill = Duration.ofHours(1).toNanos();
        turns();
        assertFalse(someoneKnows());
        assertFoundInTime(2, " says it sent 100 bytes on stream 0 that have not arrived for 24.1 s");
    }

    @Test
    void aBrokenStreamIsBlamedUnlessTheNewsOfAnotherFailureComesShortly() throws IOException {
        joined();
        rank(3).failure.suspect(2, "closed stream 0 from it", null);
        pass(Duration.ofMillis(400));
        assertFalse(someoneKnows());
        rank(1).failure.decide(1, "was interrupted in its task", null);
        until(() -> allKnowBut(1));
        assertBlamed(1, "was interrupted in its task");
    }

    @Test
    void aBrokenStreamIsBlamedAfterAMoment() throws IOException {
        joined();
        rank(3).failure.suspect(2, "closed stream 0 from it", null);
        assertEquals(Duration.ofMillis(500), until(this::someoneKnows));
        until(() -> allKnowBut(2));
        assertBlamed(2, "closed stream 0 from it");
    }

    @Test
    void whoBreaksAStreamAfterAGoodbyeIsBlamedAtOnce() throws IOException {
        joined();
        rank(2).leave();
        turns();
        rank(3).failure.suspect(2, "closed stream 0 from it", null);
        for (int turn = 0; turn < RANKS; turn++) {
            turns();
        }
        assertBlamed(2, "closed stream 0 from it");
    }
}
