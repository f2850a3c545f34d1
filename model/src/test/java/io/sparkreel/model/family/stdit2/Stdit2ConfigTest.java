// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.family.stdit2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.family.DenoiserConfig;
import io.sparkreel.model.family.Families;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Stdit2ConfigTest {
    @TempDir
    private Path folder;

    private DenoiserConfig read(String json) throws IOException {
        return Families.read(Files.writeString(folder.resolve("config.json"), json.replace('\'', '"')));
    }

    @Test
    void whatIsNotSaidIsAsTheReferenceHasIt() throws IOException {
        assertEquals(
                new Stdit2Config(32, 4, List.of(1, 2, 2), 1152, 28, 16, 4, 0.1, true, 4096, 120, false), read("{}"));
    }

    @Test
    void whatIsSaidCounts() throws IOException {
        assertEquals(new Stdit2Config(512, 3, List.of(2, 1, 4), 96, 2, 4, 2, 0.5, false, 16, 200, true), read("""
                        {'model_type': 'STDiT2', 'architectures': ['STDiT2'], 'freeze': null, 'drop_path': 0.0,
                         'input_sq_size': 512, 'in_channels': 3, 'patch_size': [2, 1, 4], 'hidden_size': 96, 'depth': 2,
                         'num_heads': 4, 'mlp_ratio': 2.0, 'class_dropout_prob': 0.5, 'pred_sigma': false,
                         'caption_channels': 16, 'model_max_length': 200, 'qk_norm': true}"""));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'model_type': 't5'}|its model_type is t5",
                "[]|it is no object",
                "{'depth': 'deep'}|deep",
                "{|end-of-input",
                "{'depth': 0}|depth is 0. Set it to at least 1",
                "{'hidden_size': 100}|hidden_size is 100"
            })
    void refusesWhatIsNoStdit2(String json, String found) {
        String message =
                assertThrows(InvalidInputException.class, () -> read(json)).getMessage();
        assertTrue(message.startsWith("Cannot read " + folder.resolve("config.json") + ": "), message);
        assertTrue(message.contains(found) && !message.contains("\n"), message);
    }
}
