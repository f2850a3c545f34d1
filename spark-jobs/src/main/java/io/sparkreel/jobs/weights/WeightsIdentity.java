// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.weights;

import io.sparkreel.model.Digests;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;

/**
 * Names published weights by what they are, without reading all of them: by the commit where they come from a hub, else
 * by the names and lengths of their files and by samples of the content. The same weights elsewhere have the same name.
 */
public final class WeightsIdentity {
    private static final Pattern SNAPSHOT = Pattern.compile(".*/snapshots/([0-9a-f]{40})(/.*)?");
    private static final int SAMPLES = 16;
    private static final int SAMPLE_BYTES = 64 << 10;

    private WeightsIdentity() {}

    /**
     * The identity of what {@code from_pretrained} names.
     *
     * @param localFilesOnly whether a hub id may only be looked up in the cache
     */
    public static String of(String location, boolean localFilesOnly, WeightsCache cache, Configuration hadoop)
            throws IOException {
        Path resolved = cache.resolve(location, localFilesOnly, EnumSet.of(WeightsPart.CONFIG));
        Matcher snapshot = SNAPSHOT.matcher(resolved.toString());
        if (snapshot.matches()) {
            return "commit " + snapshot.group(1);
        }
        org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(location);
        FileSystem files = path.getFileSystem(hadoop);
        if (!files.exists(path)) {
            path = new org.apache.hadoop.fs.Path(resolved.toUri());
            files = path.getFileSystem(hadoop);
        }
        Map<String, FileStatus> found = new TreeMap<>();
        for (FileStatus file : files.listStatus(path)) {
            if (file.isFile()) {
                found.put(file.getPath().getName(), file);
            }
        }
        if (found.size() > 1) {
            found.keySet().retainAll(WeightsPart.select(List.copyOf(found.keySet()), EnumSet.allOf(WeightsPart.class)));
        }
        MessageDigest digest = Digests.sha256();
        for (Map.Entry<String, FileStatus> file : found.entrySet()) {
            digest.update((file.getKey() + " " + file.getValue().getLen() + "\n").getBytes(StandardCharsets.UTF_8));
            sample(files, file.getValue(), digest);
        }
        return HexFormat.of().formatHex(Arrays.copyOf(digest.digest(), 16));
    }

    private static void sample(FileSystem files, FileStatus file, MessageDigest digest) throws IOException {
        byte[] bytes = new byte[(int) Math.min(SAMPLE_BYTES, file.getLen())];
        try (FSDataInputStream in = files.open(file.getPath())) {
            long last = file.getLen() - bytes.length;
            int samples = last == 0 ? 1 : SAMPLES;
            for (int i = 0; i < samples; i++) {
                in.readFully(samples == 1 ? 0 : last * i / (samples - 1), bytes);
                digest.update(ByteBuffer.wrap(bytes));
            }
        }
    }
}
