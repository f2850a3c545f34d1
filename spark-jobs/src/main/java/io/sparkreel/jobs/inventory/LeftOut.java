// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inventory;

import static org.apache.spark.sql.functions.asc;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.desc;
import static org.apache.spark.sql.functions.lit;

import java.util.Locale;
import java.util.stream.Collectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Why something in a folder is not among its media. */
enum LeftOut {
    HIDDEN("hidden"),
    OTHER_NAME("of no media's name"),
    HEIC_OR_AVIF("HEIC or AVIF"),
    UNREADABLE_NAME("with a name that is no text"),
    DANGLING_LINK("links to nothing"),
    LINK_TO_A_FOLDER_ABOVE("links to a folder above"),
    NO_REGULAR_FILE("pipes, sockets or devices");

    /** Column of the listing. */
    static final String COLUMN = "left_out";

    private final String words;

    LeftOut(String words) {
        this.words = words;
    }

    /** Why a file of this name is left out; null if it is media or a caption. */
    static LeftOut byName(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        if (lower.matches("(?s).*[.](heic|heif|avif)")) {
            return HEIC_OR_AVIF;
        }
        return MediaInventory.isMedia(name) || MediaInventory.isCaption(name) ? null : OTHER_NAME;
    }

    /**
     * Counts by reason, the commonest first; empty where nothing was left out.
     *
     * @param listing with the column {@link #COLUMN}
     */
    static String describe(Dataset<Row> listing) {
        return listing
                .where(col(COLUMN).isNotNull())
                .groupBy(COLUMN)
                .agg(count(lit(1)).as("times"))
                .orderBy(desc("times"), asc(COLUMN))
                .collectAsList()
                .stream()
                .map(row -> row.getLong(1) + " " + valueOf(row.getString(0)).words)
                .collect(Collectors.joining(", "));
    }
}
