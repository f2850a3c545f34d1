// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.error;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class ReasonsTest {
    @Test
    void theCommonestComesFirstWithAnExample() {
        Reasons reasons = new Reasons();
        assertTrue(reasons.isEmpty());
        reasons.add("truncated", "a.mp4: cut");
        assertEquals("1 truncated, such as a.mp4: cut", reasons.toString());
        reasons.add("missing_file", "b.mp4: there is no such file");
        reasons.add("missing_file", "c.mp4: there is no such file");
        reasons.add("read_error", "d.mp4");
        assertEquals("missing_file", reasons.commonest());
        String three = "2 missing_file, such as b.mp4: there is no such file; 1 truncated; 1 read_error";
        assertEquals(three, reasons.toString());
        reasons.add("not_media", "e.mp4");
        assertEquals(three + "; and 1 other", reasons.toString());
        reasons.add("decode_error", "f.mp4");
        assertEquals(three + "; and 2 others", reasons.toString());
    }

    @Test
    void aFullDiskIsSeenThroughWhatWrapsIt() {
        assertTrue(DiskFull.isCauseOf(new IllegalStateException(new IOException("No space left on device"))));
        assertTrue(DiskFull.isCauseOf(
                new IllegalStateException("a task failed: a\n java.io.IOException: No space left on device\n at x")));
        assertTrue(DiskFull.isCauseOf(new IOException("Disk quota exceeded")));
        assertFalse(DiskFull.isCauseOf(new IOException("Permission denied")));
    }
}
