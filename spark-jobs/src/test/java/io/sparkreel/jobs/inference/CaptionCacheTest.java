// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.model.generate.Caption;
import io.sparkreel.model.text.HashTextEncoder;
import io.sparkreel.model.text.TextEncoder;
import io.sparkreel.model.text.TextFeatures;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CaptionCacheTest {
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
        try (CaptionCache cache = new CaptionCache(counting)) {
            Caption dog = cache.caption("a dog");
            assertEquals(6, dog.mask().length);
            assertTrue(dog.mask()[1] && !dog.mask()[2]);
            TextFeatures expected = hash.encode(List.of("a dog"));
            assertEquals(-1, java.util.Arrays.mismatch(expected.values(), dog.features()));
            for (int i = 0; i < 100; i++) {
                cache.caption("text " + i);
                assertSame(dog, cache.caption("a dog"));
            }
        }
        assertEquals(101, encoded.size());
    }
}
