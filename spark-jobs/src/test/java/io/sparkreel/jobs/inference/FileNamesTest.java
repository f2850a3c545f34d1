// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class FileNamesTest {
    @Test
    void namesShowWhatTheyAre() {
        assertEquals("etc_xgnp.exe", FileNames.safe("etc/x\u202egnp.exe"));
        assertEquals("_a", FileNames.safe("\u2066..a"));
        assertEquals("a_b_c_d_e", FileNames.safe("a\nb\u0085c\u2028d\u001be"));
        assertEquals("_", FileNames.safe("\u200f"));
        assertEquals("Ein Hund \u0643\u0644\u0628", FileNames.safe("Ein Hund \u0643\u0644\u0628"));
    }
}
