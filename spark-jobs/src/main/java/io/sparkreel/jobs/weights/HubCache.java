// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.weights;

import io.sparkreel.jobs.error.UserError;
import io.sparkreel.model.NodeLock;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/**
 * The cache of the Hugging Face libraries, shared with them: {@code models--organisation--name} with {@code refs/main},
 * which names a commit, {@code snapshots/COMMIT} with links by file name, and {@code blobs} named by entity tag. It lies
 * in {@code HF_HUB_CACHE}, else {@code HF_HOME/hub}, else {@code ~/.cache/huggingface/hub}.
 *
 * <p>Downloads come from {@code HF_ENDPOINT} with the token of {@code HF_TOKEN} or {@code HF_HOME/token}.
 */
final class HubCache {
    private static final Logger LOG = LogManager.getLogger(HubCache.class);
    private static final String COMMIT = "[0-9a-f]{40}";

    private final Path root;
    private final HubClient client;

    HubCache(Path root, HubClient client) {
        this.root = root;
        this.client = client;
    }

    /** The cache that the variables of an environment name. */
    static HubCache of(UnaryOperator<String> environment) {
        String home = value(
                environment,
                "HF_HOME",
                userCache(environment).resolve("huggingface").toString());
        String root = value(environment, "HF_HUB_CACHE", Path.of(home, "hub").toString());
        String endpoint = value(environment, "HF_ENDPOINT", "https://huggingface.co");
        return new HubCache(Path.of(root), new HubClient(endpoint(endpoint), () -> token(environment, Path.of(home))));
    }

    private static URI endpoint(String text) {
        try {
            URI endpoint = URI.create(text.replaceAll("/+$", ""));
            if (endpoint.getHost() != null
                    && ("http".equals(endpoint.getScheme()) || "https".equals(endpoint.getScheme()))) {
                return endpoint;
            }
        } catch (IllegalArgumentException e) {
            LOG.debug("HF_ENDPOINT", e);
        }
        throw new UserError(
                "Cannot use HF_ENDPOINT: it is " + text + ". Set it to an address such as https://huggingface.co.");
    }

    private static String token(UnaryOperator<String> environment, Path home) {
        try {
            Path file = home.resolve("token");
            String stored = Files.isReadable(file) ? Files.readString(file).strip() : "";
            return value(environment, "HF_TOKEN", stored);
        } catch (IOException e) {
            throw new UserError("Cannot read the token of the hub: " + e.getMessage() + ". Set HF_TOKEN.", e);
        }
    }

    /** Where programs of this user keep what they can get again. */
    static Path userCache(UnaryOperator<String> environment) {
        return Path.of(value(environment, "XDG_CACHE_HOME", System.getProperty("user.home") + "/.cache"));
    }

    private static String value(UnaryOperator<String> environment, String name, String otherwise) {
        String value = environment.apply(name);
        return value == null || value.isBlank() ? otherwise : value.strip();
    }

    private Path repository(String id) {
        return root.resolve("models--" + id.replace("/", "--"));
    }

    /** The snapshot that {@code main} names, if it has all of these parts. */
    Optional<Path> find(String id, Set<WeightsPart> parts) throws IOException {
        Path reference = repository(id).resolve("refs/main");
        if (!Files.isRegularFile(reference)) {
            return Optional.empty();
        }
        String commit = Files.readString(reference).strip();
        Path snapshot = repository(id).resolve("snapshots").resolve(commit);
        if (!commit.matches(COMMIT) || !Files.isDirectory(snapshot)) {
            return Optional.empty();
        }
        List<String> names;
        try (Stream<Path> files = Files.list(snapshot)) {
            names = files.filter(Files::exists)
                    .map(file -> file.getFileName().toString())
                    .toList();
        }
        return WeightsPart.missing(names, parts).isEmpty() ? Optional.of(snapshot) : Optional.empty();
    }

    /**
     * Downloads what is missing of these parts at the hub's present {@code main}.
     *
     * @throws UserError if the hub does not have or give them
     */
    Path fetch(String id, Set<WeightsPart> parts) throws IOException {
        return NodeLock.holding(root.resolve(".locks").resolve(repository(id).getFileName() + ".lock"), () -> {
            Optional<Path> present = find(id, parts); // another process may have been faster
            return present.isPresent() ? present.get() : fetchMissing(id, parts);
        });
    }

    private Path fetchMissing(String id, Set<WeightsPart> parts) throws IOException {
        HubClient.Listing listing = client.list(id);
        Optional<String> missing = WeightsPart.missing(listing.files(), parts);
        if (missing.isPresent()) {
            throw new UserError("Cannot download " + id + ": it has " + missing.get()
                    + ". Give a repository in the layout of the Hugging Face libraries.");
        }
        Path repository = repository(id);
        Path snapshot = repository.resolve("snapshots").resolve(listing.commit());
        for (String name : WeightsPart.select(listing.files(), parts)) {
            if (!Files.exists(snapshot.resolve(name))) {
                fetch(id, listing.commit(), name, repository, snapshot);
            }
        }
        replace(repository.resolve("refs/main"), listing.commit());
        return snapshot;
    }

    private void fetch(String id, String commit, String name, Path repository, Path snapshot) throws IOException {
        HubClient.Remote remote = client.describe(id, commit, name);
        Path blob = repository.resolve("blobs").resolve(remote.tag());
        if (!Files.isRegularFile(blob)) {
            Files.createDirectories(blob.getParent());
            LOG.info("Downloading {} of {} ({} MiB)", name, id, remote.bytes() >> 20);
            Path incomplete = blob.resolveSibling(blob.getFileName() + ".incomplete");
            client.download(remote, incomplete);
            Files.move(incomplete, blob, StandardCopyOption.ATOMIC_MOVE);
        }
        Files.createDirectories(snapshot);
        Path link = snapshot.resolve(name);
        Files.deleteIfExists(link); // a link whose blob was removed
        Files.createSymbolicLink(link, snapshot.relativize(blob));
    }

    private static void replace(Path file, String content) throws IOException {
        Files.createDirectories(file.getParent());
        Path fresh = file.resolveSibling("." + file.getFileName() + "." + UUID.randomUUID());
        Files.writeString(fresh, content);
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    }

    @Override
    public String toString() {
        return "the hub's cache " + root;
    }
}
