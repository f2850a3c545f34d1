// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.doctor;

import java.io.Serializable;
import java.util.Locale;

/**
 * What was found about one thing.
 *
 * @param verdict whether jobs will do with it
 * @param subject the thing, in a word or two
 * @param text what was found, and where it is wrong the setting to change
 */
record Finding(Verdict verdict, String subject, String text) implements Serializable {
    /** What a finding means. */
    enum Verdict {
        OK,
        FAIL,
        /** Not looked at. */
        SKIP
    }

    static Finding ok(String subject, String text) {
        return new Finding(Verdict.OK, subject, text);
    }

    /** @param remedy a sentence without its full stop */
    static Finding fail(String subject, String found, String remedy) {
        return new Finding(Verdict.FAIL, subject, found + ". " + remedy);
    }

    static Finding skip(String subject, String text) {
        return new Finding(Verdict.SKIP, subject, text);
    }

    boolean isFailure() {
        return verdict == Verdict.FAIL;
    }

    /** As it is printed, in one line. */
    String line() {
        String word = verdict == Verdict.FAIL ? "FAIL" : verdict.name().toLowerCase(Locale.ROOT);
        return String.format(Locale.ROOT, "%-5s %-20s %s", word, subject, text.replaceAll("\\s*\\R\\s*", " "));
    }
}
