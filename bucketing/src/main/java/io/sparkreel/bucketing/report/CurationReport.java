// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.report;

import java.util.List;
import java.util.Map;

/**
 * What a curation run came to, for people.
 *
 * @param title what was curated
 * @param facts of the run, as name and value
 * @param stages what was left after each stage, in order
 * @param rules the rules that speak against clips, in order
 * @param films some of the videos, with their shots
 * @param groups clips by length, by size and by reason
 * @param quarantine videos put aside by reason
 */
public record CurationReport(
        String title,
        Map<String, String> facts,
        List<Stage> stages,
        List<Rule> rules,
        List<Film> films,
        Map<String, Map<String, Long>> groups,
        Map<String, Long> quarantine) {

    /** What was left after a stage: clips (or videos, where nothing is cut yet) and seconds. */
    public record Stage(String name, long items, double seconds) {}

    /**
     * A rule.
     *
     * @param reason what it is called
     * @param measure what it looks at
     * @param unit of the measure and the threshold
     * @param above whether values above the threshold speak against a clip
     * @param keeps clips that this rule does not speak against
     * @param clips clips in all
     * @param bins of the measure, ascending
     * @param near clips just on either side of the threshold
     */
    public record Rule(
            String reason,
            String measure,
            String unit,
            double threshold,
            boolean above,
            long keeps,
            long clips,
            List<Bin> bins,
            List<Picture> near) {}

    /** How many clips have a value in [from, until). */
    public record Bin(double from, double until, long clips) {}

    /**
     * A picture of a clip or shot.
     *
     * @param jpeg null where it could not be decoded
     * @param label what it shows
     * @param kept whether nothing speaks against it
     */
    public record Picture(byte[] jpeg, String label, boolean kept) {}

    /**
     * A video.
     *
     * @param shots its shots in order
     */
    public record Film(String name, double seconds, List<Strip> shots) {}

    /** A shot of a film: how much of it is kept, as a share of its frames. */
    public record Strip(int frames, double kept, Picture picture) {}

    /** The report as one HTML page that needs nothing else. */
    public String html() {
        return new CurationPage(this).html();
    }
}
