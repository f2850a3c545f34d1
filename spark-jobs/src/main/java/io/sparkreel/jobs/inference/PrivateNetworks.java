// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;

/** Addresses that do not belong to the public network: those of a machine itself, of its link and of its site. */
final class PrivateNetworks {
    /** 64:ff9b::/96, behind which a gateway finds IPv4 addresses (RFC 6052). */
    private static final byte[] TRANSLATED = {0, 0x64, (byte) 0xff, (byte) 0x9b, 0, 0, 0, 0, 0, 0, 0, 0};

    private static final int IPV4_BYTES = 4;

    private PrivateNetworks() {}

    static boolean contains(InetAddress address) {
        byte[] bytes = address.getAddress();
        return address.isLoopbackAddress()
                || address.isAnyLocalAddress()
                || address.isLinkLocalAddress()
                || address.isSiteLocalAddress()
                || address.isMulticastAddress()
                || (bytes.length == IPV4_BYTES ? isPrivateIpv4(bytes) : isPrivateIpv6(bytes));
    }

    /** 0.0.0.0/8 (RFC 1122), 100.64.0.0/10 (RFC 6598) and 240.0.0.0/4; Java itself knows RFC 1918. */
    private static boolean isPrivateIpv4(byte[] bytes) {
        return bytes[0] == 0 || (bytes[0] == 100 && (bytes[1] & 0xc0) == 64) || (bytes[0] & 0xf0) == 0xf0;
    }

    /** fc00::/7 (RFC 4193), and translated addresses of private networks. */
    private static boolean isPrivateIpv6(byte[] bytes) {
        if ((bytes[0] & 0xfe) == 0xfc) {
            return true;
        }
        if (!Arrays.equals(bytes, 0, TRANSLATED.length, TRANSLATED, 0, TRANSLATED.length)) {
            return false;
        }
        try {
            return contains(InetAddress.getByAddress(Arrays.copyOfRange(bytes, TRANSLATED.length, bytes.length)));
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e); // four bytes are an address
        }
    }
}
