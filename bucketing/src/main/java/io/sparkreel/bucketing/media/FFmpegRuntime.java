// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import static org.bytedeco.ffmpeg.global.avutil.AV_LOG_ERROR;
import static org.bytedeco.ffmpeg.global.avutil.av_log_set_level;
import static org.bytedeco.ffmpeg.global.avutil.av_max_alloc;
import static org.bytedeco.ffmpeg.global.avutil.setLogCallback;

import java.util.Locale;
import org.bytedeco.ffmpeg.avutil.LogCallback;
import org.bytedeco.javacpp.BytePointer;

/** Loads FFmpeg once per process and silences it: every error reaches the caller as a value. */
public final class FFmpegRuntime {

    /** A damaged table may speak of billions of frames; the largest picture takes MAX_PIXELS x 8. */
    private static final long LARGEST_ALLOCATION = 640L << 20;

    private static final ThreadLocal<long[]> ERRORS = ThreadLocal.withInitial(() -> new long[1]);

    /** Native code refers to it for as long as the process lives. */
    private static final LogCallback LOG;

    static {
        // JavaCPP compares the size of the whole process with limits derived from the Java heap and
        // throws OutOfMemoryError beyond them. A tensor library in the same process is always beyond.
        disableUnlessSet("org.bytedeco.javacpp.maxBytes");
        disableUnlessSet("org.bytedeco.javacpp.maxPhysicalBytes");
        LOG = new ErrorCount();
        av_log_set_level(AV_LOG_ERROR);
        setLogCallback(LOG);
        av_max_alloc(LARGEST_ALLOCATION);
    }

    /** Counts what FFmpeg would print. */
    private static final class ErrorCount extends LogCallback {
        @Override
        public void call(int level, BytePointer message) {
            if (level <= AV_LOG_ERROR) {
                ERRORS.get()[0]++;
            }
        }
    }

    private FFmpegRuntime() {}

    /** Must be called before any other native call. */
    public static void ensureLoaded() {
        // The static initialiser does the work.
    }

    /** Errors that FFmpeg told of on this thread so far. Some decoders tell of damage in no other way. */
    static long errorsOfThread() {
        return ERRORS.get()[0];
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
