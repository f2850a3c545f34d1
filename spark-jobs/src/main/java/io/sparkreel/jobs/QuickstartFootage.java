// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.jobs.error.Outcome;
import io.sparkreel.jobs.quickstart.RawFilm;
import io.sparkreel.jobs.quickstart.RawFilm.Piece;
import io.sparkreel.model.command.CommandWords;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import picocli.CommandLine.Option;

/**
 * The first part of the quickstart over raw footage: joins the sample clips to two films, and writes beside them the
 * table of captions by time, what was put where ({@code truth.csv}), and the pictures as they are.
 */
public final class QuickstartFootage {
    private static final class Options {
        @Option(names = "--samples", required = true, paramLabel = "DIR", description = "folder of the sample clips")
        private Path samples;

        @Option(names = "--prompts", required = true, paramLabel = "FILE", description = "captions of the clips")
        private Path prompts;

        @Option(names = "--output", required = true, paramLabel = "DIR", description = "folder for the films")
        private Path output;
    }

    private final Path samples;
    private final Path output;
    private final Map<String, String> captions;
    private final List<String> truth = new ArrayList<>(List.of("film,piece,start_frame,end_frame,bars"));
    private final List<String> table = new ArrayList<>(List.of("path,start_s,end_s,text"));

    private QuickstartFootage(Options options) throws IOException {
        samples = options.samples;
        output = options.output;
        captions = captions(options.prompts);
    }

    /** Entry point: {@code --samples DIR --prompts FILE --output DIR}. */
    public static void main(String[] arguments) {
        System.exit(Outcome.of(
                () -> new QuickstartFootage(CommandWords.read(new Options(), "make films", arguments)).run(),
                System.err));
    }

    private static Map<String, String> captions(Path prompts) throws IOException {
        Map<String, String> captions = new TreeMap<>();
        ObjectMapper json = new ObjectMapper();
        for (String line : Files.readAllLines(prompts)) {
            JsonNode prompt = json.readTree(line);
            captions.put(
                    prompt.get("sample_name").asText(), prompt.get("prompt").asText());
        }
        return captions;
    }

    private void run() throws Exception {
        Files.createDirectories(output);
        try (RawFilm film = RawFilm.at(output.resolve("film-1.mp4"))) {
            film.clip(clip("dog-doorway"), "dog-doorway");
            film.clip(clip("city-train-zoom"), "city-train-zoom");
            film.black(25);
            film.clip(clip("circuit-board-tilt"), "circuit-board-tilt");
            film.clip(clip("dog-floor-pan"), "dog-floor-pan");
            film.frozen(30);
            tell("film-1.mp4", film.pieces());
        }
        try (RawFilm film = RawFilm.at(output.resolve("film-2.mp4"))) {
            film.clip(clip("two-dogs-grass-pan"), "two-dogs-grass-pan");
            film.fadeOut(15);
            film.black(10);
            film.letterboxed(clip("two-dogs-roots-zoom"), "two-dogs-roots-zoom", 272);
            film.clip(clip("dog-doorway-square"), "dog-doorway-square");
            film.clip(clip("dog-doorway-portrait"), "dog-doorway-portrait");
            tell("film-2.mp4", film.pieces());
        }
        Files.write(output.resolve("captions.csv"), table);
        Files.write(output.resolve("truth.csv"), truth);
        for (String still : captions.keySet()) {
            if (Files.exists(samples.resolve(still + ".jpg"))) {
                Files.copy(samples.resolve(still + ".jpg"), output.resolve(still + ".jpg"));
                Files.copy(samples.resolve(still + ".txt"), output.resolve(still + ".txt"));
            }
        }
    }

    private Path clip(String name) {
        Path mp4 = samples.resolve(name + ".mp4");
        return Files.exists(mp4) ? mp4 : samples.resolve(name + ".webm");
    }

    private void tell(String film, List<Piece> pieces) {
        for (Piece piece : pieces) {
            truth.add(String.join(
                    ",",
                    film,
                    piece.name(),
                    Integer.toString(piece.start()),
                    Integer.toString(piece.end()),
                    piece.hasBars() ? piece.width() + "x" + piece.height() : ""));
            String caption = captions.get(piece.name());
            if (caption != null) {
                table.add(String.format(
                        Locale.ROOT,
                        "%s,%.2f,%.2f,\"%s\"",
                        film,
                        (double) piece.start() / RawFilm.FPS,
                        (double) piece.end() / RawFilm.FPS,
                        caption));
            }
        }
    }
}
