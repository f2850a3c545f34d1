// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkreel.bucketing.media.FootageReader;
import io.sparkreel.bucketing.media.MediaException;
import io.sparkreel.bucketing.media.MediaSource;
import io.sparkreel.golden.GoldenData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A video of the folder golden/curate and what the field's tools said of it. */
public record GoldenFootage(Path video, JsonNode said) {

    private static final Map<String, FrameSignals> TAKEN = new ConcurrentHashMap<>();

    /** Names of all videos that have an answer. */
    public static List<String> names(GoldenData golden) throws IOException {
        try (Stream<Path> files = Files.list(golden.required("curate"))) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".mp4") || name.endsWith(".mkv"))
                    .sorted()
                    .toList();
        }
    }

    public static GoldenFootage of(GoldenData golden, String name) {
        String answers = name.substring(0, name.lastIndexOf('.')) + ".json";
        return new GoldenFootage(golden.required("curate/" + name), golden.requiredJson("curate/" + answers));
    }

    double fps() {
        return said.get("opencv_fps").asDouble();
    }

    /** Whether FFmpeg's filters saw the planes that the decoder made. */
    boolean isYuv() {
        return said.at("/probe/pix_fmt").asText().startsWith("yuv");
    }

    /** Of the whole video; taken once for all tests. */
    public FrameSignals signals(SignalOptions options) throws IOException, MediaException {
        String key = video + " " + options;
        FrameSignals known = TAKEN.get(key);
        if (known == null) {
            try (MediaSource source = MediaSource.of(video);
                    FootageReader reader = FootageReader.open(source)) {
                known = withRate(SignalPass.whole(reader, options));
            }
            TAKEN.put(key, known);
        }
        return known;
    }

    private FrameSignals withRate(FrameSignals signals) {
        Timeline timeline = signals.timeline();
        return PartSignals.join(List.of(new PartSignals(signals, 0, new float[0])), fps() > 0 ? fps() : timeline.fps());
    }

    static int[] ints(JsonNode list) {
        return IntStream.range(0, list.size()).map(i -> list.get(i).asInt()).toArray();
    }

    static double[] doubles(JsonNode list) {
        return IntStream.range(0, list.size())
                .mapToDouble(
                        i -> list.get(i).isNull() ? Double.NaN : list.get(i).asDouble())
                .toArray();
    }
}
