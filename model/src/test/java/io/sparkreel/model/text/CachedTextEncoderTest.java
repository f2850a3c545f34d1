// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class CachedTextEncoderTest {
    @Test
    void everyTextIsEncodedOnce() {
        List<String> encoded = new ArrayList<>();
        HashTextEncoder hash = new HashTextEncoder(4, 6);
        TextEncoder counting = (TextEncoder) Proxy.newProxyInstance(
                TextEncoder.class.getClassLoader(), new Class<?>[] {TextEncoder.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("encode")) {
                        ((List<?>) arguments[0]).forEach(text -> encoded.add((String) text));
                    }
                    return method.invoke(hash, arguments);
                });
        try (CachedTextEncoder cache = new CachedTextEncoder(counting, 256)) {
            TextFeatures dog = cache.encode("a dog");
            assertEquals(6, dog.mask().length);
            assertTrue(dog.mask()[1] && !dog.mask()[2]);
            TextFeatures expected = hash.encode(List.of("a dog"));
            assertEquals(-1, Arrays.mismatch(expected.values(), dog.values()));
            for (int i = 0; i < 100; i++) {
                cache.encode("text " + i);
                assertSame(dog, cache.encode("a dog"));
            }
        }
        assertEquals(101, encoded.size());
    }

    @Test
    void severalTextsAreThoseOfEach() {
        HashTextEncoder hash = new HashTextEncoder(4, 6);
        List<String> texts = List.of("a dog", "two red cats", "a dog");
        TextFeatures expected = hash.encode(texts);
        TextFeatures cached = new CachedTextEncoder(hash, 1).encode(texts);
        assertArrayEquals(expected.values(), cached.values());
        assertArrayEquals(expected.mask(), cached.mask());
    }
}
