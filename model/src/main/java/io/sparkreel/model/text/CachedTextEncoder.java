// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.text;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Keeps the features of the texts that were asked for last. Any thread may call it; one text is encoded at a time. */
public final class CachedTextEncoder implements TextEncoder {
    private final TextEncoder encoder;
    private final Map<String, TextFeatures> kept;

    /**
     * @param encoder closed with this one
     * @param capacity texts to keep; 200 tokens of the published encoder take 3 MiB
     */
    public CachedTextEncoder(TextEncoder encoder, int capacity) {
        this.encoder = encoder;
        kept = new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<String, TextFeatures> eldest) {
                return size() > capacity;
            }
        };
    }

    @Override
    public int width() {
        return encoder.width();
    }

    @Override
    public int slots() {
        return encoder.slots();
    }

    /** The features of one text: [1, L, D]. */
    public synchronized TextFeatures encode(String text) {
        return kept.computeIfAbsent(text, missing -> encoder.encode(List.of(missing)));
    }

    @Override
    public TextFeatures encode(List<String> texts) {
        float[] values = new float[texts.size() * slots() * width()];
        boolean[] mask = new boolean[texts.size() * slots()];
        for (int row = 0; row < texts.size(); row++) {
            TextFeatures one = encode(texts.get(row));
            System.arraycopy(one.values(), 0, values, row * slots() * width(), slots() * width());
            System.arraycopy(one.mask(), 0, mask, row * slots(), slots());
        }
        return new TextFeatures(values, mask, texts.size(), slots(), width());
    }

    @Override
    public void close() {
        encoder.close();
    }
}
