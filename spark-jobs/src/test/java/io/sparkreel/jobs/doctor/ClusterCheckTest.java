// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class ClusterCheckTest {
    private static RankReport rank(int rank, String executor, List<String> gpus, Finding... findings) {
        return new RankReport(rank, "host" + rank, executor, gpus, null, List.of(findings));
    }

    @Test
    void eachRankWantsAnExecutorOfItsOwn() {
        RankReport first = rank(0, "1", List.of());
        assertEquals(
                Finding.Verdict.OK,
                ClusterCheck.executors(List.of(first, rank(1, "2", List.of()))).verdict());
        Finding shared = ClusterCheck.executors(List.of(first, rank(1, "1", List.of())));
        assertTrue(shared.isFailure() && shared.text().contains("2 ranks share 1 executors"), shared::line);
    }

    @Test
    void noTwoRanksOfAHostHaveOneGpu() {
        RankReport first = new RankReport(0, "a", "1", List.of("0"), "cuda:0", List.of());
        RankReport other = new RankReport(1, "a", "2", List.of("1"), "cuda:1", List.of());
        RankReport elsewhere = new RankReport(1, "b", "2", List.of("0"), "cuda:0", List.of());
        RankReport same = new RankReport(1, "a", "2", List.of("0"), "cuda:0", List.of());
        RankReport none = new RankReport(1, "a", "2", List.of(), null, List.of());
        Finding fine = ClusterCheck.gpus(List.of(first, other), true);
        assertEquals("rank 0 on a has GPU 0 -> cuda:0, rank 1 on a has GPU 1 -> cuda:1", fine.text());
        assertEquals(
                Finding.Verdict.OK,
                ClusterCheck.gpus(List.of(first, elsewhere), true).verdict());
        Finding twice = ClusterCheck.gpus(List.of(first, same), true);
        assertTrue(twice.isFailure() && twice.text().startsWith("given twice"), twice::line);
        Finding missing = ClusterCheck.gpus(List.of(first, none), true);
        assertTrue(missing.isFailure() && missing.text().contains("discoveryScript"), missing::line);
        assertEquals(
                Finding.Verdict.OK,
                ClusterCheck.gpus(List.of(first, none), false).verdict());
    }

    @Test
    void whatRanksAgreeOnIsSaidOnceAndWhatIsWrongWithItsRanks() {
        Finding fast = Finding.ok("libtorch", "2.7.1");
        Finding disk = Finding.fail("disk", "1 GiB free", "Make room");
        List<Finding> merged = ClusterCheck.merged(List.of(
                rank(0, "1", List.of(), fast, Finding.ok("disk", "90 GiB free")),
                rank(1, "2", List.of(), fast, disk),
                rank(2, "3", List.of(), fast, disk)));
        assertEquals(
                List.of(
                        Finding.ok("libtorch (ranks)", "2.7.1"),
                        new Finding(
                                Finding.Verdict.FAIL,
                                "disk (ranks)",
                                "rank 1 on host1, rank 2 on host2: 1 GiB free. Make room")),
                merged);
    }

    @Test
    void aClockIsWrongOnlyWhereItShowsATimeOutsideOfTheQuestion() {
        assertEquals(
                Finding.Verdict.OK,
                ClusterCheck.clocks(1000, List.of(900L, 5100L), 5000).verdict());
        Finding late = ClusterCheck.clocks(1000, List.of(1500L, 8100L), 5000);
        assertTrue(late.isFailure() && late.text().contains("is 3100 ms or more"), late::line);
        Finding early = ClusterCheck.clocks(10_000, List.of(7000L), 10_100);
        assertTrue(early.isFailure() && early.text().contains("is 3000 ms or more"), early::line);
    }

    @Test
    void aFindingIsOneLine() {
        assertEquals(
                "FAIL  disk                 full of a b. Make room",
                Finding.fail("disk", "full of a \n  b", "Make room").line());
        assertEquals(
                "skip  path                 none", Finding.skip("path", "none").line());
    }
}
