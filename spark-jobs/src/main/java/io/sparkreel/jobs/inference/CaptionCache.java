// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import io.sparkreel.model.generate.Caption;
import io.sparkreel.model.text.TextEncoder;
import io.sparkreel.model.text.TextFeatures;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Encodes every text once: samples, loops and prompts of the same text share its features. */
final class CaptionCache implements AutoCloseable {
    /** Features of a 200-token text of the published encoder take 3 MiB. */
    private static final int KEPT = 256;

    private final TextEncoder encoder;
    private final Map<String, Caption> captions = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Caption> eldest) {
            return size() > KEPT;
        }
    };

    /** @param encoder closed with this cache */
    CaptionCache(TextEncoder encoder) {
        this.encoder = encoder;
    }

    /** The features of a cleaned text. */
    synchronized Caption caption(String text) {
        return captions.computeIfAbsent(text, this::encode);
    }

    private Caption encode(String text) {
        TextFeatures features = encoder.encode(List.of(text));
        boolean[] mask = new boolean[features.mask().length];
        for (int i = 0; i < mask.length; i++) {
            mask[i] = features.mask()[i] != 0;
        }
        return new Caption(features.values(), mask);
    }

    @Override
    public void close() {
        encoder.close();
    }
}
