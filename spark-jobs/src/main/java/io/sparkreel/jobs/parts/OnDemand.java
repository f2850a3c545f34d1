// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.parts;

import io.sparkreel.model.CodecGeometry;
import io.sparkreel.model.autoencoder.ForwardingCodec;
import io.sparkreel.model.autoencoder.LatentCodec;
import io.sparkreel.model.text.TextEncoder;
import io.sparkreel.model.text.TextFeatures;
import io.sparkreel.model.text.TextSizes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/**
 * Encoders that are loaded when they are first used, which is never where the features of all clips are stored. Their
 * sizes are known before.
 */
public final class OnDemand {
    private OnDemand() {}

    /** Loads something. */
    public interface Loader<T> {
        T load() throws IOException;
    }

    /** Something that is loaded once, by whichever thread first asks. */
    private static final class Part<T> {
        private final Loader<T> loader;
        private T value;

        Part(Loader<T> loader) {
            this.loader = loader;
        }

        synchronized T get() {
            if (value == null) {
                try {
                    value = loader.load();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
            return value;
        }

        synchronized boolean isLoaded() {
            return value != null;
        }
    }

    /** A codec of this geometry. */
    public static LatentCodec codec(CodecGeometry geometry, Loader<LatentCodec> loader) {
        Part<LatentCodec> codec = new Part<>(loader);
        return new ForwardingCodec() {
            @Override
            protected LatentCodec codec() {
                return codec.get();
            }

            @Override
            public CodecGeometry geometry() {
                return geometry;
            }

            @Override
            public void close() {
                if (codec.isLoaded()) {
                    codec.get().close();
                }
            }
        };
    }

    /** A text encoder of these sizes. */
    public static TextEncoder text(TextSizes sizes, Loader<TextEncoder> loader) {
        Part<TextEncoder> text = new Part<>(loader);
        return new TextEncoder() {
            @Override
            public int width() {
                return sizes.width();
            }

            @Override
            public int slots() {
                return sizes.slots();
            }

            @Override
            public TextFeatures encode(List<String> texts) {
                return text.get().encode(texts);
            }

            @Override
            public void close() {
                if (text.isLoaded()) {
                    text.get().close();
                }
            }
        };
    }
}
