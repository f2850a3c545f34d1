// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.jobs.error.UserError;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PrivateNetworksTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1",
                "127.9.9.9",
                "0.0.0.0",
                "0.1.2.3",
                "10.1.2.3",
                "172.16.0.1",
                "172.31.255.255",
                "192.168.1.1",
                "169.254.169.254",
                "100.64.0.1",
                "100.127.0.1",
                "224.0.0.1",
                "255.255.255.255",
                "::1",
                "::",
                "fe80::1",
                "fc00::1",
                "fd12:3456::1",
                "ff02::1",
                "::ffff:10.0.0.1",
                "64:ff9b::a9fe:a9fe"
            })
    void areNoPublicAddresses(String address) throws IOException {
        assertTrue(PrivateNetworks.contains(InetAddress.getByName(address)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1.1.1.1",
                "100.63.0.1",
                "100.128.0.1",
                "172.15.0.1",
                "172.32.0.1",
                "192.167.1.1",
                "2606:4700::1111",
                "64:ff9b::101:101"
            })
    void publicAddressesAreNone(String address) throws IOException {
        assertEquals(false, PrivateNetworks.contains(InetAddress.getByName(address)));
    }

    @Test
    void onlyAHostThatIsNamedMayLeadThere() {
        URI local = URI.create("http://localhost/a.png");
        UserError e = assertThrows(UserError.class, () -> ReferencePolicy.requirePublic(List.of("*"), local));
        assertTrue(
                e.getMessage().contains("leads to ") && e.getMessage().contains("no public address"), e.getMessage());
        assertThrows(
                UserError.class, () -> ReferencePolicy.requirePublic(List.of("*"), URI.create("http://[::1]/a.png")));
        ReferencePolicy.requirePublic(List.of("*", "LocalHost"), local);
        // Nothing was sent there: fetching asks before it connects.
        IOException none = assertThrows(
                IOException.class, () -> new WebFile(List.of("localhost"), 10, 5).fetch("http://localhost:1/a.png"));
        assertTrue(!none.getMessage().contains("public"), none.getMessage());
        assertThrows(UserError.class, () -> new WebFile(List.of("*"), 10, 5).fetch("http://localhost:1/a.png"));
    }
}
