// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What Python's {@code html.unescape} makes of references. */
class HtmlEntitiesTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            a &hearts; b            | a \u2665 b
            &notit; &notin;         | \u00acit; \u2209
            &amp;amp; &ampamp;      | &amp; &amp;
            &NotEqualTilde;         | \u2242\u0338
            &unknown; & &; &#; &#x; | &unknown; & &; &#; &#x;
            &#65;&#x42;&#X43 x      | ABC x
            &#128;&#x99;            | \u20ac\u2122
            &#0;&#xD800;&#1114112;  | \ufffd\ufffd\ufffd
            a&#1;b&#x7f;c&#xFDD0;d  | abcd
            &#38;amp;               | &amp;
            """)
    void eachReferenceIsReplacedOnce(String text, String expected) {
        assertEquals(expected, HtmlEntities.unescape(text));
    }

    @Test
    void namesWithoutTheirSemicolon() {
        assertEquals("\u2665", HtmlEntities.named("hearts"));
        assertNull(HtmlEntities.named("heartless"));
    }
}
