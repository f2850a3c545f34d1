// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.jobs.config.train.CollectiveConfig;
import io.sparkreel.jobs.config.train.CollectiveTransport;
import io.sparkreel.jobs.config.train.PortRange;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.collective.ring.RingOptions;
import io.sparkreel.model.collective.ring.Transport;
import io.sparkreel.model.collective.ring.WireType;
import io.sparkreel.model.torch.Precision;
import io.sparkreel.model.torch.Tensors;
import java.net.NetworkInterface;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class RankCollectiveTest {
    private static RingOptions options(CollectiveConfig config, boolean encrypted) {
        return RankCollective.options(config, "10.9.8.7", encrypted, new byte[32], "attempt");
    }

    @Test
    void whatIsConfiguredReachesTheRing() {
        RingOptions usual =
                options(new CollectiveConfig(CollectiveTransport.AUTO, Precision.FP32, null, null, 30), false);
        assertEquals("10.9.8.7", usual.bindHost());
        assertEquals(0, usual.portMin() + usual.portMax());
        assertEquals(Transport.AUTO, usual.transport());
        assertEquals(WireType.FP32, usual.wire());
        assertFalse(usual.encrypted());
        RingOptions chosen = options(
                new CollectiveConfig(
                        CollectiveTransport.TCP, Precision.BF16, "127.0.0.0/8", new PortRange(40_000, 40_063), 90),
                true);
        assertEquals("127.0.0.1", chosen.bindHost());
        assertEquals(40_000, chosen.portMin());
        assertEquals(40_063, chosen.portMax());
        assertEquals(Transport.TCP, chosen.transport());
        assertEquals(WireType.BF16, chosen.wire());
        assertTrue(chosen.encrypted());
        assertEquals(Duration.ofSeconds(90), chosen.stallTimeout());
    }

    @Test
    void sharedMemoryIsNotTakenForEncrypted() {
        CollectiveConfig shared = new CollectiveConfig(CollectiveTransport.SHARED, Precision.FP32, null, null, 30);
        assertEquals(Transport.SHARED, options(shared, false).transport());
        assertThrows(InvalidInputException.class, () -> options(shared, true));
    }

    @Test
    void gradientsOnGpusGoThroughNcclAndNothingElse() {
        assertTrue(RankCollective.joinsGpus(usual(CollectiveTransport.AUTO, Precision.FP32), Tensors.onGpu(1)));
        assertTrue(RankCollective.joinsGpus(usual(CollectiveTransport.NCCL, Precision.FP32), Tensors.onGpu(0)));
        assertFalse(RankCollective.joinsGpus(usual(CollectiveTransport.AUTO, Precision.BF16), Tensors.onHost()));
        assertFalse(RankCollective.joinsGpus(usual(CollectiveTransport.TCP, Precision.FP32), Tensors.onHost()));
        assertRefused(usual(CollectiveTransport.NCCL, Precision.FP32), Tensors.onHost());
        assertRefused(usual(CollectiveTransport.TCP, Precision.FP32), Tensors.onGpu(0));
        assertRefused(usual(CollectiveTransport.AUTO, Precision.BF16), Tensors.onGpu(0));
        assertEquals(3, Tensors.onGpu(3).gpu());
    }

    private static CollectiveConfig usual(CollectiveTransport transport, Precision dtype) {
        return new CollectiveConfig(transport, dtype, null, null, 30);
    }

    private static void assertRefused(CollectiveConfig config, Tensors tensors) {
        assertThrows(UserError.class, () -> RankCollective.joinsGpus(config, tensors));
    }

    @Test
    void theAddressIsFoundByNetworkInterfaceOrItself() throws Exception {
        String loopback = NetworkInterface.networkInterfaces()
                .filter(RankCollectiveTest::isLoopback)
                .findFirst()
                .orElseThrow()
                .getName();
        assertEquals("10.9.8.7", RankAddress.find(null, "10.9.8.7"));
        assertEquals("127.0.0.1", RankAddress.find("127.0.0.1", "host"));
        assertEquals("127.0.0.1", RankAddress.find("127.0.0.1/32", "host"));
        assertTrue(RankAddress.find(loopback, "host").matches("127\\.0\\.0\\.1|0:0:0:0:0:0:0:1.*"));
        for (String wrong : new String[] {"203.0.113.0/24", "203.0.113.9", "no-such-interface", "127.0.0.0/99"}) {
            String message = assertThrows(UserError.class, () -> RankAddress.find(wrong, "host-a"))
                    .getMessage();
            assertTrue(
                    message.startsWith("Cannot listen on bind_address " + wrong + ": host-a has no such address."),
                    message);
        }
    }

    private static boolean isLoopback(NetworkInterface one) {
        try {
            return one.isLoopback();
        } catch (java.net.SocketException e) {
            return false;
        }
    }
}
