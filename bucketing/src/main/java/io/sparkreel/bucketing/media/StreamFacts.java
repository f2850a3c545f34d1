// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import static org.bytedeco.ffmpeg.global.avutil.AV_NOPTS_VALUE;
import static org.bytedeco.ffmpeg.global.avutil.AV_TIME_BASE;

import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVRational;

/** Frame rate and duration as the headers of a container give them. */
final class StreamFacts {

    private StreamFacts() {}

    /** Average frames per second, 0 when unknown. */
    static double rate(AVStream stream) {
        double average = quotient(stream.avg_frame_rate());
        return average > 0 ? average : quotient(stream.r_frame_rate());
    }

    /** Seconds the stream lasts, 0 when unknown. */
    static double duration(NativeInput input) {
        long ticks = input.stream().duration();
        if (ticks != AV_NOPTS_VALUE && ticks > 0) {
            return ticks * quotient(input.stream().time_base());
        }
        long micros = input.context().duration();
        return micros != AV_NOPTS_VALUE && micros > 0 ? (double) micros / AV_TIME_BASE : 0;
    }

    /** A fraction as a number, 0 where it is none. */
    static double quotient(AVRational rational) {
        return rational.num() <= 0 || rational.den() <= 0 ? 0 : (double) rational.num() / rational.den();
    }
}
