// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * How ranks that write one checkpoint tell each other what they have written: by lists in a folder inside the
 * checkpoint's. Lists that another attempt left there are not looked at.
 */
public final class CheckpointGathering {

    private static final String FOLDER = "written";
    private static final long FIRST_PAUSE_MILLIS = 5;
    private static final long LONGEST_PAUSE_MILLIS = 500;
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private final Storage storage;
    private final String folder;
    private final String attempt;
    private final int ranks;
    private final LongSupplier nanoTime;

    /**
     * @param folder path of the checkpoint's folder in the storage
     * @param attempt what no other attempt to write that checkpoint is named
     */
    public CheckpointGathering(Storage storage, String folder, String attempt, int ranks) {
        this(storage, folder, attempt, ranks, System::nanoTime);
    }

    /** @param nanoTime the clock by which patience ends */
    CheckpointGathering(Storage storage, String folder, String attempt, int ranks, LongSupplier nanoTime) {
        this.storage = storage;
        this.folder = Manifest.path(folder, FOLDER);
        this.attempt = attempt;
        this.ranks = ranks;
        this.nanoTime = nanoTime;
    }

    private String name(int rank) {
        return attempt + "-" + rank + ".json";
    }

    /** Tells what a rank has written, after which it writes nothing more. */
    public void announce(int rank, List<CheckpointFile> files) throws IOException {
        try (OutputStream out = storage.create(Manifest.path(folder, name(rank)))) {
            out.write(JSON.writeValueAsBytes(files));
        }
    }

    /**
     * Waits for the lists of all ranks.
     *
     * @param patienceSeconds how long to wait after the last list that came
     * @return all files
     * @throws IOException if a rank's list does not come
     */
    public Collection<CheckpointFile> await(long patienceSeconds) throws IOException, InterruptedException {
        Map<Integer, List<CheckpointFile>> lists = new TreeMap<>();
        long heard = nanoTime.getAsLong();
        long pause = FIRST_PAUSE_MILLIS;
        while (true) {
            int before = lists.size();
            read(lists);
            if (lists.size() == ranks) {
                List<CheckpointFile> all = new ArrayList<>();
                lists.values().forEach(all::addAll);
                return all;
            }
            long now = nanoTime.getAsLong();
            heard = lists.size() > before ? now : heard;
            if (now - heard > TimeUnit.SECONDS.toNanos(patienceSeconds)) {
                throw new IOException("rank "
                        + IntStream.range(0, ranks)
                                .filter(rank -> !lists.containsKey(rank))
                                .mapToObj(Integer::toString)
                                .collect(Collectors.joining(", "))
                        + " has not written its part within "
                        + patienceSeconds + " s");
            }
            Thread.sleep(pause);
            pause = Math.min(2 * pause, LONGEST_PAUSE_MILLIS);
        }
    }

    private void read(Map<Integer, List<CheckpointFile>> lists) throws IOException {
        List<String> names = storage.list(folder);
        for (int rank = 0; rank < ranks; rank++) {
            if (!lists.containsKey(rank) && names.contains(name(rank))) {
                List<CheckpointFile> list = list(rank);
                if (list != null) {
                    lists.put(rank, list);
                }
            }
        }
    }

    /** The list of a rank, or null while it is still being written: a list that is cut off is not JSON. */
    private List<CheckpointFile> list(int rank) throws IOException {
        byte[] content;
        try (InputStream in = storage.open(Manifest.path(folder, name(rank)))) {
            content = in.readAllBytes();
        }
        try {
            return JSON.readValue(content, new TypeReference<List<CheckpointFile>>() {});
        } catch (com.fasterxml.jackson.core.JsonProcessingException unfinished) {
            return null;
        }
    }

    /** Removes the lists. */
    public void clear() throws IOException {
        storage.delete(folder);
    }
}
