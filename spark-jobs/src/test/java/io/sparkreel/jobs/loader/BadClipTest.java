// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.loader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.bucketing.media.MediaException;
import io.sparkreel.bucketing.media.MediaKind;
import io.sparkreel.bucketing.media.MediaProblem;
import io.sparkreel.bucketing.media.range.Excerpt;
import io.sparkreel.jobs.error.Reasons;
import io.sparkreel.jobs.plan.ClipRef;
import java.io.FileNotFoundException;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class BadClipTest {
    private static final ClipRef CLIP = new ClipRef(7, "file:/a.mp4", Excerpt.WHOLE, MediaKind.VIDEO, 10, 4, 24, "");

    private static void assertAdvised(String line, String advice, Throwable failure) {
        Reasons reasons = new Reasons();
        BadClip.of(CLIP, failure).countIn(reasons);
        assertEquals(line, reasons.toString());
        assertTrue(BadClip.advice(reasons).startsWith(advice), BadClip.advice(reasons));
    }

    @Test
    void theAdviceFitsTheCommonestReason() {
        assertAdvised(
                "1 missing_file, such as file:/a.mp4: there is no such file",
                "Put the files back",
                new FileNotFoundException("File file:/a.mp4 does not exist"));
        assertAdvised(
                "1 read_error, such as file:/a.mp4: java.io.IOException: timed out",
                "See that the storage can be read",
                new IOException("timed out"));
        assertAdvised(
                "1 decode_error, such as file:/a.mp4: damaged",
                "Bucket the data again with verify: full",
                new MediaException(MediaProblem.DECODE_ERROR, "damaged"));
        assertTrue(BadClip.advice(new Reasons()).startsWith("Bucket the data again"));
        assertThrows(IllegalStateException.class, () -> BadClip.of(CLIP, new NullPointerException()));
    }
}
