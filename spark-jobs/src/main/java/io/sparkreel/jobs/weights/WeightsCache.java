// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.weights;

import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.storage.DriverFolder;
import io.sparkreel.model.Digests;
import io.sparkreel.model.NodeLock;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.EtagSource;
import org.apache.hadoop.fs.FileChecksum;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/**
 * Brings published weights to this node, where they can be mapped.
 *
 * <p>{@code from_pretrained} names, in this order: a file or folder of any Hadoop file system, or of the local one; or a
 * hub id {@code organisation/name}, see {@link HubCache}. What lies on the local disk is used where it is. What lies
 * elsewhere is copied once to {@code $SPARKREEL_CACHE}, else {@code $XDG_CACHE_HOME/sparkreel}, else
 * {@code ~/.cache/sparkreel}, into a folder named by what the file system says of the content (checksum or entity tag,
 * else length and time), so that a changed source is copied anew. Processes of a node may ask at the same time.
 */
public final class WeightsCache {
    private static final Logger LOG = LogManager.getLogger(WeightsCache.class);
    private static final String HUB_ID = "[A-Za-z0-9][\\w.-]*/[A-Za-z0-9][\\w.-]*";

    private final Configuration hadoop;
    private final Path copies;
    private final HubCache hub;

    /** The caches of this process's user. */
    public WeightsCache(Configuration hadoop) {
        this(hadoop, System::getenv);
    }

    WeightsCache(Configuration hadoop, UnaryOperator<String> environment) {
        this.hadoop = hadoop;
        copies = folder(environment).resolve("weights");
        hub = HubCache.of(environment);
    }

    private static Path folder(UnaryOperator<String> environment) {
        String own = environment.apply("SPARKREEL_CACHE");
        return own != null && !own.isBlank()
                ? Path.of(own)
                : HubCache.userCache(environment).resolve("sparkreel");
    }

    /**
     * Finds weights, and copies or downloads them where they are not on this node yet.
     *
     * @param location value of {@code from_pretrained}
     * @param localFilesOnly whether a hub id may only be looked up in the cache
     * @param parts what is wanted of a folder
     * @return a folder with these parts, or the one file that was named
     * @throws UserError if there are no such weights
     * @throws IOException if a file system fails
     */
    public Path resolve(String location, boolean localFilesOnly, Set<WeightsPart> parts) throws IOException {
        Optional<Path> given = given(location, parts);
        if (given.isPresent()) {
            return given.get();
        }
        if (!location.matches(HUB_ID)) {
            throw new UserError("Cannot find weights " + location + ": there is no such file or folder. Give a file, a "
                    + "folder, or a hub id of the form organisation/name.");
        }
        Optional<Path> cached = hub.find(location, parts);
        if (cached.isPresent()) {
            return cached.get();
        }
        if (localFilesOnly) {
            throw new UserError("Cannot find weights " + location + ": there is no such folder, and " + hub
                    + " does not hold them complete. Set local_files_only: false to download them, or HF_HOME to the"
                    + " cache that has them.");
        }
        return hub.fetch(location, parts);
    }

    private Optional<Path> given(String location, Set<WeightsPart> parts) throws IOException {
        Optional<FileStatus> found = status(location);
        if (found.isEmpty()) {
            return isLocal(location) ? Optional.of(Path.of(location)) : Optional.empty();
        }
        FileStatus status = found.get();
        FileSystem files = status.getPath().getFileSystem(hadoop);
        if (files.getScheme().equals("file")) {
            return Optional.of(Path.of(status.getPath().toUri().getPath()));
        }
        return Optional.of(copied(files, status, parts));
    }

    private static boolean isLocal(String location) {
        return !location.contains(":") && Files.exists(Path.of(location));
    }

    private Optional<FileStatus> status(String location) throws IOException {
        org.apache.hadoop.fs.Path path;
        try {
            path = new org.apache.hadoop.fs.Path(location);
        } catch (IllegalArgumentException e) {
            throw new UserError(
                    "Cannot find weights " + location + ": it is no path, " + e.getMessage()
                            + ". Give a file, a folder, or a hub id of the form organisation/name.",
                    e);
        }
        try {
            FileSystem files = path.getFileSystem(hadoop);
            return Optional.of(files.getFileStatus(DriverFolder.qualify(path, files, hadoop)));
        } catch (FileNotFoundException e) {
            return Optional.empty();
        }
    }

    private Path copied(FileSystem files, FileStatus source, Set<WeightsPart> parts) throws IOException {
        Map<String, FileStatus> wanted = new TreeMap<>();
        if (source.isFile()) {
            wanted.put(source.getPath().getName(), source);
        } else {
            for (FileStatus file : files.listStatus(source.getPath())) {
                if (file.isFile()) {
                    wanted.put(file.getPath().getName(), file);
                }
            }
            wanted.keySet().retainAll(WeightsPart.select(List.copyOf(wanted.keySet()), parts));
        }
        Path target = copies.resolve(identity(files, wanted));
        if (!Files.isDirectory(target)) {
            try {
                NodeLock.holding(
                        copies.resolve(target.getFileName() + ".lock"),
                        () -> Files.isDirectory(target) ? target : copy(files, wanted, target));
            } catch (java.nio.file.FileSystemException e) {
                throw new UserError(
                        "Cannot copy " + source.getPath() + " to this node: " + e.getMessage()
                                + ". Set SPARKREEL_CACHE to a folder with enough room.",
                        e);
            }
        }
        return source.isFile() ? target.resolve(source.getPath().getName()) : target;
    }

    private Path copy(FileSystem files, Map<String, FileStatus> wanted, Path target) throws IOException {
        Path incomplete = copies.resolve("." + target.getFileName() + "." + UUID.randomUUID());
        Files.createDirectories(incomplete);
        try {
            for (Map.Entry<String, FileStatus> file : wanted.entrySet()) {
                LOG.info(
                        "Copying {} ({} MiB) to this node",
                        file.getValue().getPath(),
                        file.getValue().getLen() >> 20);
                try (InputStream in = files.open(file.getValue().getPath())) {
                    long bytes = Files.copy(in, incomplete.resolve(file.getKey()));
                    if (bytes != file.getValue().getLen()) {
                        throw new IOException("Cannot copy " + file.getValue().getPath() + ": " + bytes + " of "
                                + file.getValue().getLen() + " bytes came. Try again.");
                    }
                }
            }
            return Files.move(incomplete, target, StandardCopyOption.ATOMIC_MOVE); // the copy exists from here on
        } finally {
            deleteFolder(incomplete);
        }
    }

    private static void deleteFolder(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> tree = Files.walk(folder)) {
                for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            }
        }
    }

    /** Equal for equal files, as far as the file system can tell without their being read. */
    private static String identity(FileSystem files, Map<String, FileStatus> wanted) throws IOException {
        MessageDigest digest = Digests.sha256();
        for (Map.Entry<String, FileStatus> file : wanted.entrySet()) {
            String line = file.getKey() + " " + file.getValue().getLen() + " " + content(files, file.getValue()) + "\n";
            digest.update(line.getBytes(StandardCharsets.UTF_8));
        }
        return HexFormat.of().formatHex(Arrays.copyOf(digest.digest(), 16));
    }

    private static String content(FileSystem files, FileStatus file) throws IOException {
        FileChecksum checksum = files.getFileChecksum(file.getPath());
        if (checksum != null) {
            return checksum.getAlgorithmName() + " " + HexFormat.of().formatHex(checksum.getBytes());
        }
        if (file instanceof EtagSource source && source.getEtag() != null) {
            return source.getEtag();
        }
        return file.getPath() + " " + file.getModificationTime();
    }
}
