// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.quickstart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.bucketing.curate.signal.FrameSignals;
import io.sparkreel.bucketing.curate.signal.SignalOptions;
import io.sparkreel.bucketing.curate.signal.SignalPass;
import io.sparkreel.bucketing.media.FootageReader;
import io.sparkreel.bucketing.media.MediaSource;
import io.sparkreel.jobs.BucketedMedia;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The films of the quickstart are what their makers say. */
class RawFilmTest {
    private static final Path CLIPS = BucketedMedia.ROOT.resolve("conf/quickstart/clips");

    @TempDir
    Path folder;

    @Test
    void piecesAreWhereTheyWerePut() throws Exception {
        Path file = folder.resolve("film.mp4");
        List<RawFilm.Piece> pieces;
        try (RawFilm film = RawFilm.at(file)) {
            film.clip(CLIPS.resolve("dog-doorway-square.mp4"), "square");
            film.black(10);
            film.letterboxed(CLIPS.resolve("dog-doorway.mp4"), "letterboxed", 272);
            film.frozen(20);
            film.fadeOut(5);
            pieces = film.pieces();
        }
        assertEquals(
                List.of("square", "black", "letterboxed", "frozen", "fade out"),
                pieces.stream().map(RawFilm.Piece::name).toList());
        int next = 0;
        for (RawFilm.Piece piece : pieces) {
            assertEquals(next, piece.start());
            next = piece.end();
        }
        assertTrue(pieces.get(0).hasBars());
        assertTrue(pieces.get(2).hasBars());
        assertFalse(pieces.get(1).hasBars());
        FrameSignals signals = measure(file);
        assertEquals(next, signals.frames());
        assertEquals(640, signals.width());
        int black = pieces.get(1).start();
        assertEquals(1, signals.black()[black + 5]);
        assertTrue(signals.black()[black - 1] < 0.98);
        int frozen = pieces.get(3).start();
        assertTrue(signals.still()[frozen + 10] <= 0.001, "the film stands still");
        assertEquals(140, signals.samples().left()[0], "bars at the sides of a square picture");
        assertEquals(499, signals.samples().right()[0]);
        assertTrue(signals.luma()[next - 1] < 20, "the fade ends in the dark");
    }

    private static FrameSignals measure(Path file) throws Exception {
        try (MediaSource source = MediaSource.of(file);
                FootageReader reader = FootageReader.open(source)) {
            return SignalPass.whole(reader, SignalOptions.DEFAULT);
        }
    }
}
