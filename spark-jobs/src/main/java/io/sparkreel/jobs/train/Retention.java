// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import io.sparkreel.model.checkpoint.Storage;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Removes checkpoints that are too many. */
final class Retention {
    private static final Pattern NAME = Pattern.compile("epoch\\d+-global_step(\\d+)");

    private Retention() {}

    /** Keeps the newest {@code count} checkpoints of a run, or all if it is null. */
    static void keepLast(Storage run, Integer count) throws IOException {
        if (count == null) {
            return;
        }
        List<String> newestFirst = run.list("").stream().filter(name -> NAME.matcher(name).matches())
                .sorted(Comparator.comparingLong(Retention::step).reversed()).toList();
        for (String name : newestFirst.subList(Math.min(count, newestFirst.size()), newestFirst.size())) {
            run.delete(name);
        }
    }

    private static long step(String name) {
        Matcher matcher = NAME.matcher(name);
        return matcher.matches() ? Long.parseLong(matcher.group(1)) : -1;
    }
}
