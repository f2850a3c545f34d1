// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import io.sparkreel.jobs.error.UserError;
import java.net.InetAddress;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Finds this host's own address from a {@code bind_address} that all hosts share. */
final class RankAddress {
    private static final Pattern NETWORK = Pattern.compile("([0-9a-fA-F.:]+)/(\\d{1,3})");

    private RankAddress() {}

    /**
     * The address to listen on.
     *
     * @param wanted an address, a network or the name of an interface; null for {@code known}
     * @param known how Spark knows this executor
     */
    static String find(String wanted, String known) {
        if (wanted == null) {
            return known;
        }
        try {
            List<NetworkInterface> interfaces =
                    NetworkInterface.networkInterfaces().toList();
            Matcher network = NETWORK.matcher(wanted);
            boolean isNetwork = network.matches();
            byte[] base = isNetwork ? InetAddress.getByName(network.group(1)).getAddress() : null;
            for (NetworkInterface one : interfaces) {
                for (InterfaceAddress address : one.getInterfaceAddresses()) {
                    InetAddress own = address.getAddress();
                    if (isNetwork
                            ? isIn(own.getAddress(), base, Integer.parseInt(network.group(2)))
                            : one.getName().equals(wanted)
                                    || own.getHostAddress().equals(wanted)) {
                        return own.getHostAddress();
                    }
                }
            }
            if (!isNetwork && isOwn(wanted)) {
                return wanted;
            }
        } catch (SocketException e) {
            throw new UserError(
                    "Cannot list the addresses of " + known + ": " + e.getMessage() + ". Leave bind_address out.");
        } catch (UnknownHostException e) {
            throw unfit(wanted, known);
        }
        throw unfit(wanted, known);
    }

    private static boolean isOwn(String name) throws UnknownHostException, SocketException {
        return NetworkInterface.getByInetAddress(InetAddress.getByName(name)) != null;
    }

    private static boolean isIn(byte[] address, byte[] base, int bits) {
        if (address.length != base.length || bits > Byte.SIZE * base.length) {
            return false;
        }
        for (int bit = 0; bit < bits; bit++) {
            int mask = 0x80 >> bit % Byte.SIZE;
            if (((address[bit / Byte.SIZE] ^ base[bit / Byte.SIZE]) & mask) != 0) {
                return false;
            }
        }
        return true;
    }

    private static UserError unfit(String wanted, String known) {
        return new UserError("Cannot listen on bind_address " + wanted + ": " + known
                + " has no such address. Name an interface or a network that every executor's host has, such as eth0 or"
                + " 10.1.0.0/16, or leave it out.");
    }
}
