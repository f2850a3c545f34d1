// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.sparkreel.model.InvalidInputException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

class CommandWordsTest {
    private enum Colour {
        RED,
        DARK_BLUE,
        GREEN
    }

    private static final class Options {
        @Parameters(index = "0", paramLabel = "IN")
        private String in;

        @Option(names = "--frame-count", defaultValue = "3", paramLabel = "N")
        private int frameCount;

        @Option(names = "--share", required = true, paramLabel = "X")
        @Range(least = 0.25, most = 1)
        private double share;

        @Option(names = "--colour", defaultValue = "red", paramLabel = "NAME")
        private Colour colour;

        @Option(names = "--name", paramLabel = "TEXT")
        private List<String> names = List.of();

        @Option(names = "--keep")
        private boolean keep;
    }

    private static Options read(String... words) {
        return CommandWords.read(new Options(), "do it", words);
    }

    @Test
    void readsValuesBesideOrBehindTheirNames() {
        Options options = read("a b", "--frame_count=5", "--share", "0.5", "--colour", "Dark_Blue", "--keep");
        assertEquals("a b", options.in);
        assertEquals(5, options.frameCount);
        assertEquals(0.5, options.share);
        assertEquals(Colour.DARK_BLUE, options.colour);
        assertEquals(true, options.keep);
    }

    @Test
    void theLastOfSeveralCountsAndListsKeepAll() {
        Options options = read("--share=1", "in", "--name", "@file", "--name=${x}", "--share", "0.25", "--name", "-5");
        assertEquals(0.25, options.share);
        assertEquals(List.of("@file", "${x}", "-5"), options.names);
    }

    @Test
    void defaultsHoldWhereNothingIsGiven() {
        Options options = read("in", "--share", "1");
        assertEquals(3, options.frameCount);
        assertEquals(Colour.RED, options.colour);
        assertEquals(false, options.keep);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            in                              | --share is missing. Write --share X.
            --share 1                       | IN is missing. Write IN.
            in more --share 1               | 'more' is one word too many. --help lists them all.
            in --share                      | '--share' has no value. Write --share X.
            in --share --keep               | '--share' has no value. Write --share X.
            in --share 2                    | --share is '2.0'. Give a number from 0.25 to 1.
            in --share NaN                  | --share is 'NaN'. Give a number from 0.25 to 1.
            in --share x                    | --share is 'x'. Give a number from 0.25 to 1.
            in --share 1 --frame-count 1.5  | --frame-count is '1.5'. Give a whole number of at least 1.
            in --share 1 --frame-count -1   | --frame-count is '-1'. Give a whole number of at least 1.
            in --share 1 --colour blue      | --colour is 'blue'. Give red, dark_blue or green.
            in --share 1 --keep=no          | '--keep' has the values [no]. Write --keep.
            in --shade 1                    | unknown option '--shade'. Did you mean '--share'? --help lists them all.
            in --quiet                      | unknown option '--quiet'. --help lists them all.
            """)
    void saysWhatIsWrongAndWhatToWrite(String words, String expected) {
        String message = assertThrows(InvalidInputException.class, () -> read(words.split(" ")))
                .getMessage();
        assertEquals("Cannot do it: " + expected, message);
    }

    @Test
    void aProgramWithoutOptionsTakesNoWord() {
        CommandWords.readNone("print it");
        String message = assertThrows(InvalidInputException.class, () -> CommandWords.readNone("print it", "x"))
                .getMessage();
        assertEquals("Cannot print it: 'x' is one word too many. --help lists them all.", message);
    }
}
