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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A film that is measured in parts has the signals of one pass, wherever it is split. */
class PartsTest {
    private static final Path FILMS =
            Path.of(System.getProperty("project.root"), "bucketing/src/test/resources/golden/curate");
    private static final SignalOptions OPTIONS = new SignalOptions(64, 64, true, true, 0.10, 0.001, 24);

    /** One with long frozen and black stretches, one of varying rate, one with bars that come and go. */
    @ParameterizedTest
    @ValueSource(strings = {"freeze-black.mp4", "vfr.mp4", "letterbox.mp4", "fades.mp4"})
    void partsJoinToOnePass(String film) throws Exception {
        FrameSignals whole = whole(film);
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

    private static FrameSignals whole(String film) throws IOException, MediaException {
        try (MediaSource source = MediaSource.of(FILMS.resolve(film));
                FootageReader reader = FootageReader.open(source)) {
            return SignalPass.whole(reader, OPTIONS);
        }
    }

    private static FrameSignals joined(String film, long[] pts, List<Integer> splits, double fps)
            throws IOException, MediaException {
        List<PartSignals> parts = new ArrayList<>();
        for (int part = 0; part <= splits.size(); part++) {
            long from = part == 0 ? Long.MIN_VALUE : pts[splits.get(part - 1)];
            long until = part == splits.size() ? Long.MAX_VALUE : pts[splits.get(part)];
            try (MediaSource source = MediaSource.of(FILMS.resolve(film));
                    FootageReader reader = FootageReader.open(source)) {
                parts.add(SignalPass.part(reader, OPTIONS, new SignalPass.Part(pts[0], from, until)));
            }
        }
        return PartSignals.join(parts, fps);
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
