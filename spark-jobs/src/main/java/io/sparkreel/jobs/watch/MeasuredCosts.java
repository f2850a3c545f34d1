// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.watch;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.jobs.storage.Names;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** Reads what clips cost on the ranks of an earlier run: its {@link BucketCosts}. */
public final class MeasuredCosts {
    private static final ObjectMapper JSON =
            new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    private MeasuredCosts() {}

    private record Measured(
            @JsonProperty("samples") long samples,
            @JsonProperty("seconds") double seconds) {}

    /**
     * Seconds of a clip, by bucket.
     *
     * @throws UserError if there is no such file, or it says something else
     */
    public static Map<String, Double> secondsPerClip(Configuration hadoop, String file) throws IOException {
        Path path = Names.path(file);
        HadoopStorage folder = new HadoopStorage(
                hadoop, path.getParent() == null ? "." : path.getParent().toString());
        if (folder.status(path.getName()).isEmpty()) {
            throw refused(file, "there is no such file");
        }
        Map<String, Double> seconds = new TreeMap<>();
        try (InputStream in = folder.open(path.getName())) {
            JSON.readValue(in, new TypeReference<Map<String, Measured>>() {}).forEach((bucket, measured) -> {
                if (measured.samples() > 0 && measured.seconds() > 0) {
                    seconds.put(bucket, measured.seconds() / measured.samples());
                }
            });
        } catch (JsonProcessingException e) {
            throw refused(file, e.getOriginalMessage());
        }
        if (seconds.isEmpty()) {
            throw refused(file, "no bucket was measured");
        }
        return seconds;
    }

    private static UserError refused(String file, String why) {
        return new UserError("Cannot read costs " + file + ": " + why + ". Give the " + BucketCosts.NAME
                + " of an earlier run's folder.");
    }
}
