// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.sparkreel.jobs.config.Device;
import io.sparkreel.model.InvalidInputException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DoctorOptionsTest {
    @Test
    void readsWhatIsAsked() {
        DoctorOptions options = DoctorOptions.parse(
                "--path", "s3a://a/b", "--device", "cpu", "--ranks=4", "--min_free_gib", "0.5", "--path=/c");
        assertEquals(List.of("s3a://a/b", "/c"), options.paths());
        assertEquals(Device.CPU, options.device());
        assertEquals(4, options.ranks());
        assertEquals(0.5, options.minFreeGib());
        DoctorOptions none = DoctorOptions.parse();
        assertEquals(List.of(), none.paths());
        assertEquals(Device.AUTO, none.device());
        assertNull(none.ranks());
        assertEquals(25, none.waitSeconds());
        assertEquals(10, none.minFreeGib());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            --device gpu      | --device is 'gpu'. Give auto, cuda or cpu.
            --ranks 0         | --ranks is '0'. Give a whole number of at least 1.
            --min-free-gib -1 | --min-free-gib is '-1.0'. Give a number of at least 0.
            --path            | '--path' has no value. Write --path DIR.
            --pathes x        | unknown option '--pathes'. Did you mean '--path'? --help lists them all.
            """)
    void refusesWithAdvice(String words, String expected) {
        String message = assertThrows(InvalidInputException.class, () -> DoctorOptions.parse(words.split(" ")))
                .getMessage();
        assertEquals("Cannot start the doctor: " + expected, message);
    }
}
