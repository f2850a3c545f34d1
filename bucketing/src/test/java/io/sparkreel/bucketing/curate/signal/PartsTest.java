// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.sparkreel.bucketing.media.FootageReader;
import io.sparkreel.bucketing.media.MediaException;
import io.sparkreel.bucketing.media.MediaSource;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A film that is measured in parts has the signals of one pass, wherever it is split. */
class PartsTest {
    private static final Path FILMS =
            Path.of(System.getProperty("project.root"), "bucketing/src/test/resources/golden/curate");
    private static final Path MEDIA = Path.of(System.getProperty("project.root"), "bucketing/src/test/resources/media");

    /** Those with more than one keyframe and an index of them. */
    private static final Set<String> INDEXED = Set.of(
            "plain.mp4",
            "open-gop.mp4",
            "open-gop-hevc.mp4",
            "open-gop-edit-list.mp4",
            "open-gop-cut.mkv",
            "edit-list.mp4",
            "all-keyframes.mp4",
            "variable-rate.mp4",
            "trailing-moov.mov",
            "matroska.mkv",
            "vp9-hidden-packets.mkv",
            "vp9.webm",
            "av1.mp4",
            "hevc.mp4");

    private static final SignalOptions OPTIONS = new SignalOptions(64, 64, true, true, 0.10, 0.001, 24);

    /** One with long frozen and black stretches, one of varying rate, one with bars that come and go. */
    @ParameterizedTest
    @ValueSource(strings = {"freeze-black.mp4", "vfr.mp4", "letterbox.mp4", "fades.mp4"})
    void partsJoinToOnePass(String film) throws Exception {
        FrameSignals whole = whole(FILMS.resolve(film));
        long[] pts = whole.timeline().pts();
        Random random = new Random(film.hashCode());
        for (int round = 0; round < 3; round++) {
            List<Integer> splits = new ArrayList<>(random.ints(1 + round, 1, pts.length)
                    .sorted()
                    .distinct()
                    .boxed()
                    .toList());
            assertSame(whole, joined(film, pts, splits, whole.timeline().fps()), film + " split at " + splits);
        }
        // Every frame a part of its own, where nothing moves: what is known of the last frame that moved comes from
        // afar.
        List<Integer> everyFrame = new ArrayList<>();
        for (int frame = 30; frame < 60; frame += 3) {
            everyFrame.add(frame);
        }
        assertSame(whole, joined(film, pts, everyFrame, whole.timeline().fps()), film + " in parts of three frames");
    }

    /**
     * Each part is decoded from a keyframe before it: with leading pictures, edit lists, gradual refresh, hidden packets, a
     * fragmented file, a cue that names no keyframe, stamps of decoding before those of showing, and no index at all.
     */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "plain.mp4",
                "open-gop.mp4",
                "open-gop-hevc.mp4",
                "open-gop-edit-list.mp4",
                "open-gop-cut.mkv",
                "edit-list.mp4",
                "intra-refresh.mp4",
                "all-keyframes.mp4",
                "variable-rate.mp4",
                "fragmented.mp4",
                "trailing-moov.mov",
                "matroska.mkv",
                "default-duration-1ms.mkv",
                "vp9-hidden-packets.mkv",
                "vp9.webm",
                "vp8-altref.webm",
                "cue-at-no-keyframe.webm",
                "av1.mp4",
                "hevc.mp4",
                "h264-field-packets.ts",
                "transport-stream.ts",
                "mpeg4.avi",
                "moving.gif"
            })
    void partsBeginAtKeyframes(String film) throws Exception {
        Path file = MEDIA.resolve(film);
        FrameSignals whole = whole(file);
        long[] pts = whole.timeline().pts();
        List<Part> planned;
        try (MediaSource source = MediaSource.of(file);
                FootageReader reader = FootageReader.open(source)) {
            planned = Part.plan(reader, whole.timeline().duration() / 4);
        }
        assertEquals(INDEXED.contains(film), planned.size() > 1, film + ": " + planned);
        assertSame(whole, joined(file, planned, whole.timeline().fps()), film + " as planned");
        List<Part> others = new ArrayList<>();
        long from = Long.MIN_VALUE;
        for (int split : new Random(film.hashCode())
                .ints(3, 1, pts.length)
                .sorted()
                .distinct()
                .toArray()) {
            others.add(new Part(pts[0], from, pts[split]));
            from = pts[split];
        }
        others.add(new Part(pts[0], from, Long.MAX_VALUE));
        assertSame(whole, joined(file, others, whole.timeline().fps()), film + " in " + others);
    }

    private static FrameSignals whole(Path film) throws IOException, MediaException {
        try (MediaSource source = MediaSource.of(film);
                FootageReader reader = FootageReader.open(source)) {
            return SignalPass.whole(reader, OPTIONS);
        }
    }

    private static FrameSignals joined(String film, long[] pts, List<Integer> splits, double fps)
            throws IOException, MediaException {
        List<Part> parts = new ArrayList<>();
        for (int part = 0; part <= splits.size(); part++) {
            parts.add(new Part(
                    pts[0],
                    part == 0 ? Long.MIN_VALUE : pts[splits.get(part - 1)],
                    part == splits.size() ? Long.MAX_VALUE : pts[splits.get(part)]));
        }
        return joined(FILMS.resolve(film), parts, fps);
    }

    private static FrameSignals joined(Path film, List<Part> parts, double fps) throws IOException, MediaException {
        List<PartSignals> measured = new ArrayList<>();
        for (Part part : parts) {
            try (MediaSource source = MediaSource.of(film);
                    FootageReader reader = part.isFirst()
                            ? FootageReader.open(source)
                            : FootageReader.openBefore(source, part.from())) {
                measured.add(SignalPass.part(reader, OPTIONS, part));
            }
        }
        return PartSignals.join(measured, fps);
    }

    private static void assertSame(Record expected, Record actual, String what) throws ReflectiveOperationException {
        for (RecordComponent component : expected.getClass().getRecordComponents()) {
            component.getAccessor().setAccessible(true);
            Object one = component.getAccessor().invoke(expected);
            Object other = component.getAccessor().invoke(actual);
            String name = what + ", " + component.getName();
            if (one instanceof float[] values) {
                assertArrayEquals(values, (float[]) other, name);
            } else if (one instanceof int[] values) {
                assertArrayEquals(values, (int[]) other, name);
            } else if (one instanceof long[] values) {
                assertArrayEquals(values, (long[]) other, name);
            } else if (one instanceof byte[] values) {
                assertArrayEquals(values, (byte[]) other, name);
            } else if (one instanceof Record nested) {
                assertSame(nested, (Record) other, name);
            } else {
                assertEquals(one, other, name);
            }
        }
    }
}
