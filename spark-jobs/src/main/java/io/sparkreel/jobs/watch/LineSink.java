// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.watch;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.List;

/** Consumes the events of a run's log (TensorBoard, run page, Spark metrics). Calls come one at a time. */
interface LineSink extends AutoCloseable {

    /** A line that an earlier start of the same run has left; before all others, in order. */
    default void earlier(JsonNode line) {}

    /** The next line. */
    void line(JsonNode line) throws IOException;

    /**
     * Events of steps after this one are void: those steps are taken again.
     *
     * @param lines all that still count
     */
    default void rewound(long step, List<JsonNode> lines) {}

    /** Brings what was made so far to the run folder. */
    default void flush() throws IOException {}

    @Override
    default void close() throws IOException {
        flush();
    }
}
