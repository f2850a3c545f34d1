// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.dataset;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.storage.HadoopStorage;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.Optional;

/**
 * What a curation run made: {@value #NAME}, written last.
 *
 * @param kind {@value #KIND}, which tells the folder from the output of bucketing
 * @param run name of the run; each table has a folder {@code run=<run>}
 * @param created ISO 8601
 * @param input what was curated
 * @param root paths of videos are relative to it
 * @param signals how videos were measured; the signals lie in {@code signals/<signals>}
 * @param configuration the keys of the run
 * @param counts of the run
 */
public record CurateManifest(
        @JsonProperty("kind") String kind,
        @JsonProperty("run") String run,
        @JsonProperty("created") String created,
        @JsonProperty("input") String input,
        @JsonProperty("root") String root,
        @JsonProperty("signals") String signals,
        @JsonProperty("configuration") JsonNode configuration,
        @JsonProperty("counts") Counts counts) {
    public static final String NAME = "manifest.json";
    public static final String KIND = "curation";
    public static final String VIDEOS = "videos";
    public static final String SIGNALS = "signals";
    public static final String SHOTS = "shots";
    public static final String CLIPS = "clips";
    public static final String QUARANTINE = "quarantine";

    private static final ObjectMapper JSON = new ObjectMapper()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES);

    /**
     * What went in, and what came out.
     *
     * @param videos found
     * @param quarantined videos that cannot be used
     * @param videoSeconds length of the others
     * @param shots of them
     * @param clips of the shots, kept or not
     * @param clipSeconds length of the clips
     * @param kept clips that nothing speaks against
     * @param keptSeconds their length
     * @param reasons clips that each reason speaks against; a clip may have several
     * @param withCaption kept clips that have a caption
     * @param pictures still pictures, which are kept as they are and counted here alone
     */
    public record Counts(
            @JsonProperty("videos") long videos,
            @JsonProperty("quarantined") long quarantined,
            @JsonProperty("video_seconds") double videoSeconds,
            @JsonProperty("shots") long shots,
            @JsonProperty("clips") long clips,
            @JsonProperty("clip_seconds") double clipSeconds,
            @JsonProperty("kept") long kept,
            @JsonProperty("kept_seconds") double keptSeconds,
            @JsonProperty("reasons") Map<String, Long> reasons,
            @JsonProperty("with_caption") long withCaption,
            @JsonProperty("pictures") long pictures) {}

    /** The folder of a table, relative to the output. */
    public String folder(String table) {
        return table + "/run=" + run;
    }

    /** Puts the manifest in place: the one step that publishes a run. */
    public void publish(HadoopStorage output) throws IOException {
        output.atomicPut(NAME, JSON.writeValueAsBytes(this));
    }

    /** The manifest of a folder, if the folder is the output of a curation run. */
    public static Optional<CurateManifest> find(HadoopStorage folder) throws IOException {
        if (folder.status(NAME).isEmpty()) {
            return Optional.empty();
        }
        JsonNode json;
        try (InputStream in = folder.open(NAME)) {
            json = JSON.readTree(in);
        } catch (JsonProcessingException e) {
            return Optional.empty(); // whatever it is, it is none of these
        }
        if (!json.path("kind").asText().equals(KIND)) {
            return Optional.empty();
        }
        try {
            return Optional.of(JSON.treeToValue(json, CurateManifest.class));
        } catch (JsonProcessingException e) {
            throw new UserError(
                    "Cannot read " + folder + "/" + NAME + ": " + e.getOriginalMessage()
                            + ". Run the curate job again.",
                    e);
        }
    }
}
