// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A folder of a run that is named as checkpoints are, and its place in the order of training. */
record CheckpointFolder(String name, int epoch, long globalStep) {

    private static final Pattern NAME = Pattern.compile("epoch(\\d{1,9})-global_step(\\d{1,18})");

    static String name(int epoch, long globalStep) {
        return "epoch" + epoch + "-global_step" + globalStep;
    }

    /** Those of a run, of the last step first; some may be damaged or unfinished. */
    static List<CheckpointFolder> newestFirst(Storage run) throws IOException {
        List<CheckpointFolder> folders = new ArrayList<>();
        for (String name : run.list("")) {
            Matcher matcher = NAME.matcher(name);
            if (matcher.matches()) {
                folders.add(new CheckpointFolder(
                        name, Integer.parseInt(matcher.group(1)), Long.parseLong(matcher.group(2))));
            }
        }
        folders.sort(Comparator.comparingLong(CheckpointFolder::globalStep)
                .thenComparingInt(CheckpointFolder::epoch)
                .reversed());
        return folders;
    }

    /** Whether it has a whole manifest, damaged or not. Without one, or with one that is cut off, it was never finished. */
    boolean isCommitted(Storage run) throws IOException {
        String manifest = Manifest.path(name);
        if (!run.exists(manifest)) {
            return false;
        }
        if (run.size(manifest) > Manifest.MAX_BYTES) {
            return true;
        }
        byte[] content;
        try (InputStream in = run.open(manifest)) {
            content = in.readAllBytes();
        } catch (IOException e) { // it is there: a disk that cannot read it
            return true;
        }
        return !Manifest.isCutOff(content);
    }
}
