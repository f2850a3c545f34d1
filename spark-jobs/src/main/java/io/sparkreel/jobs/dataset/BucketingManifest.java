// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.dataset;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.bucketing.bucket.Bucket;
import io.sparkreel.bucketing.media.PictureRules;
import io.sparkreel.bucketing.media.PictureRules.Background;
import io.sparkreel.bucketing.media.PictureRules.ImageOrientation;
import io.sparkreel.bucketing.media.PictureRules.SampleAspect;
import io.sparkreel.jobs.config.BucketLevel;
import io.sparkreel.jobs.config.bucketing.BucketingConfig;
import io.sparkreel.jobs.config.bucketing.ResolutionConfig;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.model.settings.Choice;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a bucketing output folder holds: {@code manifest.json}, replaced last, so that a reader sees all of a
 * run or none of it.
 *
 * <p>The file is one flat object; the three records are its parts.
 *
 * @param origin what was read and how
 * @param rule which clips go into which buckets
 * @param contents what the tables hold
 */
public record BucketingManifest(Origin origin, Rule rule, Contents contents) {
    /** File name in the output folder. */
    public static final String NAME = "manifest.json";
    /** The tables of a run. */
    public static final String CLIPS = "clips";

    public static final String QUARANTINE = "quarantine";
    public static final String SHARDS = "shards";

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    /**
     * What was read and how.
     *
     * @param run name of the run; its tables lie in sub-folders {@code run=<name>}
     * @param created when, ISO 8601
     * @param input what was read
     * @param probed in which way: frame_count, verify and probe
     * @param pictures what a picture is; null in data sets from before there was a choice
     */
    public record Origin(
            @JsonProperty("run") String run,
            @JsonProperty("created") String created,
            @JsonProperty("input") String input,
            @JsonProperty("probed") String probed,
            @JsonProperty("pictures") Pictures pictures) {}

    /**
     * Which clips go into which buckets.
     *
     * @param draw where the random numbers came from
     * @param samplerVersion grows when the same configuration and seed would fill other buckets
     * @param seed of the draws
     * @param epochs independent draws
     * @param frameInterval every how many frames of a video one is taken
     * @param resolutionSlack part of a resolution's pixels from which on it admits clips
     * @param bucketConfig resolution to frames to [keep probability, batch size], as configured
     * @param resolutions resolutions beside the predefined ones: name to pixels and label to [height, width]
     */
    public record Rule(
            @JsonProperty("draw") String draw,
            @JsonProperty("sampler_version") int samplerVersion,
            @JsonProperty("seed") long seed,
            @JsonProperty("epochs") int epochs,
            @JsonProperty("frame_interval") int frameInterval,
            @JsonProperty("resolution_slack") double resolutionSlack,
            @JsonProperty("bucket_config") Map<String, Map<Integer, List<Number>>> bucketConfig,
            @JsonProperty("resolutions") Map<String, OwnResolution> resolutions) {
        public static Rule of(BucketingConfig config, int samplerVersion) {
            return new Rule(
                    Choice.word(config.draw()),
                    samplerVersion,
                    config.seed(),
                    config.epochs(),
                    config.frameInterval(),
                    config.resolutionSlack(),
                    levels(config.bucketConfig()),
                    own(config.resolutions()));
        }
    }

    /**
     * What the tables hold.
     *
     * @param fingerprint equal for runs that put the same clips into the same buckets, wherever they lie and in
     *     whatever files
     * @param clips rows of the clips table
     * @param quarantined rows of the quarantine table
     * @param buckets rows of each bucket, over all epochs
     * @param files the files of the shards; those of one (epoch, resolution, frames) follow each other in the order of
     *     their rows
     */
    public record Contents(
            @JsonProperty("fingerprint") String fingerprint,
            @JsonProperty("clips") long clips,
            @JsonProperty("quarantined") long quarantined,
            @JsonProperty("buckets") List<BucketRows> buckets,
            @JsonProperty("files") List<ShardFile> files) {}

    /**
     * How what is stored becomes what is shown, as configured.
     *
     * @param sampleAspect apply or ignore
     * @param orientation apply or reference
     * @param background white, #rrggbb or ignore
     */
    public record Pictures(
            @JsonProperty("sample_aspect") String sampleAspect,
            @JsonProperty("orientation") String orientation,
            @JsonProperty("background") String background) {
        public static Pictures of(PictureRules rules) {
            return new Pictures(
                    rules.sampleAspect().name().toLowerCase(Locale.ROOT),
                    rules.orientation().name().toLowerCase(Locale.ROOT),
                    rules.background().text());
        }

        private PictureRules rules() {
            return new PictureRules(
                    SampleAspect.valueOf(sampleAspect.toUpperCase(Locale.ROOT)),
                    ImageOrientation.valueOf(orientation.toUpperCase(Locale.ROOT)),
                    Background.parse(background));
        }
    }

    /** How the clips are to be decoded: as they were probed. */
    public PictureRules pictureRules() {
        return origin.pictures() == null
                ? PictureRules.EARLIER
                : origin.pictures().rules();
    }

    /** A resolution of the user's. */
    public record OwnResolution(
            @JsonProperty("pixels") long pixels,
            @JsonProperty("ratios") Map<String, List<Integer>> ratios) {}

    /** How many rows of the shards are in a bucket. */
    public record BucketRows(
            @JsonProperty("resolution") String resolution,
            @JsonProperty("frames") int frames,
            @JsonProperty("aspect") String aspect,
            @JsonProperty("height") int height,
            @JsonProperty("width") int width,
            @JsonProperty("rows") long rows) {
        public static BucketRows of(Bucket bucket, long rows) {
            return new BucketRows(
                    bucket.resolution(), bucket.frames(), bucket.aspect(), bucket.height(), bucket.width(), rows);
        }

        public Bucket bucket() {
            return new Bucket(resolution, frames, aspect, height, width);
        }
    }

    /**
     * A Parquet file of the shards.
     *
     * @param path below the folder of the shards
     * @param rowGroups rows of each row group, in order
     */
    public record ShardFile(
            @JsonProperty("path") String path,
            @JsonProperty("epoch") int epoch,
            @JsonProperty("resolution") String resolution,
            @JsonProperty("frames") int frames,
            @JsonProperty("bytes") long bytes,
            @JsonProperty("rows") long rows,
            @JsonProperty("row_groups") List<Long> rowGroups)
            implements java.io.Serializable {}

    private static Map<String, Map<Integer, List<Number>>> levels(Map<String, Map<Integer, BucketLevel>> config) {
        Map<String, Map<Integer, List<Number>>> levels = new LinkedHashMap<>();
        config.forEach((resolution, counts) -> {
            Map<Integer, List<Number>> pairs = new LinkedHashMap<>();
            counts.forEach(
                    (frames, level) -> pairs.put(frames, Arrays.asList(level.keepProbability(), level.batchSize())));
            levels.put(resolution, pairs);
        });
        return levels;
    }

    private static Map<String, OwnResolution> own(Map<String, ResolutionConfig> config) {
        Map<String, OwnResolution> own = new LinkedHashMap<>();
        if (config != null) {
            config.forEach((name, resolution) -> {
                Map<String, List<Integer>> ratios = new LinkedHashMap<>();
                resolution.ratios().forEach((label, size) -> ratios.put(label, List.of(size.height(), size.width())));
                own.put(name, new OwnResolution(resolution.pixels(), ratios));
            });
        }
        return own;
    }

    /** The sub-folder of a table, relative to the output folder. */
    public String folder(String table) {
        return table + "/run=" + origin.run();
    }

    /** Puts the manifest in place: the one step that publishes a run. */
    public void publish(HadoopStorage output) throws IOException {
        ObjectNode flat = JSON.createObjectNode();
        for (Record part : List.of(origin, rule, contents)) {
            flat.setAll(JSON.<ObjectNode>valueToTree(part));
        }
        output.atomicPut(NAME, JSON.writeValueAsBytes(flat));
    }

    /**
     * The manifest of an output folder if one is there and can be understood: what an earlier run left.
     */
    public static Optional<BucketingManifest> find(HadoopStorage output) throws IOException {
        try {
            return output.status(NAME).isEmpty() ? Optional.empty() : Optional.of(read(output));
        } catch (UserError e) {
            return Optional.empty();
        }
    }

    /**
     * The manifest of an output folder, or of the folder that holds {@code shards/}.
     *
     * @throws UserError if there is none, or it cannot be understood
     */
    public static BucketingManifest read(HadoopStorage output) throws IOException {
        if (output.status(NAME).isEmpty()) {
            throw new UserError("Cannot read shards from " + output + ": there is no " + NAME
                    + ". Give the output folder of a bucketing run.");
        }
        try (InputStream in = output.open(NAME)) {
            ObjectNode flat = JSON.readValue(in, ObjectNode.class);
            BucketingManifest manifest =
                    new BucketingManifest(take(flat, Origin.class), take(flat, Rule.class), take(flat, Contents.class));
            if (!flat.isEmpty()) { // of a later version: what it means cannot be guessed
                throw new UserError("Cannot read " + output + "/" + NAME + ": there is no key '"
                        + flat.fieldNames().next() + "'. Read it with the version that made it, or run the bucketing"
                        + " job again.");
            }
            return manifest;
        } catch (JsonProcessingException e) {
            throw new UserError(
                    "Cannot read " + output + "/" + NAME + ": " + e.getOriginalMessage()
                            + ". Run the bucketing job again.",
                    e);
        }
    }

    /** Moves the keys of a part from the object into the part. */
    private static <T extends Record> T take(ObjectNode flat, Class<T> type) throws JsonProcessingException {
        List<String> names = Stream.of(type.getRecordComponents())
                .map(component -> component
                        .getAccessor()
                        .getAnnotation(JsonProperty.class)
                        .value())
                .toList();
        T part = JSON.treeToValue(flat.deepCopy().retain(names), type);
        flat.remove(names);
        return part;
    }
}
