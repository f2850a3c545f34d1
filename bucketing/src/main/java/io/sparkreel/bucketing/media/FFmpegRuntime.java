// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import static org.bytedeco.ffmpeg.global.avutil.AV_LOG_QUIET;
import static org.bytedeco.ffmpeg.global.avutil.av_log_set_level;
import static org.bytedeco.ffmpeg.global.avutil.av_max_alloc;

import java.util.Locale;

/** Loads FFmpeg once per process and silences it: every error reaches the caller as a value. */
public final class FFmpegRuntime {

    /** A damaged table may speak of billions of frames; the largest picture takes MAX_PIXELS x 8. */
    private static final long LARGEST_ALLOCATION = 640L << 20;

    static {
        // JavaCPP compares the size of the whole process with limits derived from the Java heap and
        // throws OutOfMemoryError beyond them. A tensor library in the same process is always beyond.
        disableUnlessSet("org.bytedeco.javacpp.maxBytes");
        disableUnlessSet("org.bytedeco.javacpp.maxPhysicalBytes");
        av_log_set_level(AV_LOG_QUIET);
        av_max_alloc(LARGEST_ALLOCATION);
    }

    private FFmpegRuntime() {}

    /** Must be called before any other native call. */
    public static void ensureLoaded() {
        // The static initialiser does the work.
    }

    private static void disableUnlessSet(String property) {
        // JavaCPP reads both spellings.
        boolean set =
                System.getProperty(property) != null || System.getProperty(property.toLowerCase(Locale.ROOT)) != null;
        if (!set) {
            System.setProperty(property, "0");
        }
    }
}
