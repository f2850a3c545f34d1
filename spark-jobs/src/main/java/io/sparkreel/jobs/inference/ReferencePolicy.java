// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import io.sparkreel.jobs.config.inference.ConditioningConfig;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.storage.Names;
import io.sparkreel.model.ForeignText;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/** Which references may be read. What the configuration itself names is trusted; rows of a prompt file are not. */
final class ReferencePolicy {
    private static final Logger LOG = LogManager.getLogger(ReferencePolicy.class);
    /** Stores that are not the machines that run the job. */
    private static final Set<String> REMOTE =
            Set.of("hdfs", "webhdfs", "swebhdfs", "s3a", "gs", "abfs", "abfss", "wasb", "wasbs", "oss", "ofs", "o3fs");

    private final ConditioningConfig config;
    private final Configuration hadoop;

    ReferencePolicy(ConditioningConfig config, Configuration hadoop) {
        this.config = config;
        this.hadoop = hadoop;
    }

    /**
     * The references of a prompt as full URIs.
     *
     * @param paths separated by semicolons, or null
     * @param trusted whether the configuration names them
     * @throws UserError if one may not be read, or is no path
     */
    List<String> resolve(String paths, boolean trusted) {
        List<String> uris = new ArrayList<>();
        if (paths != null) {
            for (String path : paths.split(";", -1)) {
                uris.add(resolveOne(path.strip(), trusted));
            }
        }
        return List.copyOf(uris);
    }

    private String resolveOne(String path, boolean trusted) {
        if (path.isEmpty()) {
            throw refused(path, "it is empty", "Separate paths by single semicolons");
        }
        if (isWeb(path)) {
            requireAllowed(config.referenceHosts(), path);
            return path;
        }
        try {
            Path file = Names.path(path);
            String scheme = file.toUri().getScheme();
            String standard = FileSystem.getDefaultUri(hadoop).getScheme();
            String effective = (scheme == null ? standard : scheme).toLowerCase(Locale.ROOT);
            boolean remote = REMOTE.contains(effective) || (effective.equals(standard) && !effective.equals("file"));
            if (!trusted && !remote && !(effective.equals("file") && config.localReferencesInTables())) {
                throw refused(
                        path,
                        "a prompt file may not name " + (effective.equals("file") ? "local files" : effective),
                        "Put it into a store of the cluster, or set local_references_in_tables for files you trust");
            }
            // A full address needs no store to be asked, which a row could name to keep the driver waiting.
            return scheme != null && !effective.equals("file")
                    ? path
                    : file.getFileSystem(hadoop).makeQualified(file).toString();
        } catch (IllegalArgumentException | IOException e) {
            throw refused(path, "it is no path of a known file system, " + e.getMessage(), "Check the path");
        }
    }

    static boolean isWeb(String uri) {
        String lower = uri.toLowerCase(Locale.ROOT);
        return lower.startsWith("http://") || lower.startsWith("https://");
    }

    /** @throws UserError if no pattern of the hosts allows the host of this address */
    static URI requireAllowed(List<String> hosts, String address) {
        URI uri;
        try {
            uri = new URI(address);
        } catch (URISyntaxException e) {
            throw refused(address, "it is no address", "Encode special characters with %");
        }
        String host = uri.getHost();
        if (!isWeb(address) || host == null || uri.getUserInfo() != null) {
            throw refused(address, "it is no plain http or https address", "Give https://host/path");
        }
        if (!isNamed(hosts, host) && hosts.stream().noneMatch(pattern -> fits(pattern, host))) {
            throw refused(
                    address,
                    "the host is not among reference_hosts " + hosts,
                    "Add it there if it may be fetched from");
        }
        return uri;
    }

    private static boolean fits(String pattern, String host) {
        return pattern.equals("*")
                || (pattern.startsWith("*.")
                        && host.toLowerCase(Locale.ROOT)
                                .endsWith(pattern.substring(1).toLowerCase(Locale.ROOT)));
    }

    private static boolean isNamed(List<String> hosts, String host) {
        return hosts.stream().anyMatch(host::equalsIgnoreCase);
    }

    /**
     * Whoever writes a prompt can have a name of a domain lead to any machine. So a host that only fits a pattern must
     * be one of the public network; one that the configuration names itself may be anywhere.
     *
     * @throws UserError if it leads to this machine or into a private network
     */
    static void requirePublic(List<String> hosts, URI address) {
        String host = address.getHost();
        if (isNamed(hosts, host)) {
            return;
        }
        try {
            for (InetAddress target : InetAddress.getAllByName(host)) {
                if (PrivateNetworks.contains(target)) {
                    throw refused(
                            address.toString(),
                            "its host leads to " + target.getHostAddress() + ", which is no public address",
                            "Name the host itself in reference_hosts if it may be fetched from");
                }
            }
        } catch (UnknownHostException e) {
            LOG.debug("{} is known to a proxy only, if at all", host);
        }
    }

    private static UserError refused(String path, String found, String advice) {
        return new UserError(
                "Cannot use the reference '" + ForeignText.shown(path) + "': " + found + ". " + advice + ".");
    }
}
