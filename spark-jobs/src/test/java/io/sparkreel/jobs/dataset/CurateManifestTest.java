// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.dataset;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.storage.HadoopStorage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CurateManifestTest {
    @TempDir
    Path folder;

    private HadoopStorage storage;

    @BeforeEach
    void open() throws IOException {
        storage = new HadoopStorage(new Configuration(), folder.toString());
    }

    private void write(String text) throws IOException {
        Files.writeString(folder.resolve(CurateManifest.NAME), text);
    }

    @Test
    void whatWasPublishedIsFound() throws IOException {
        CurateManifest manifest = new CurateManifest(
                CurateManifest.KIND,
                "20260101T000000Z-1",
                "2026-01-01T00:00:00Z",
                "/data/films",
                "file:/data/films",
                "v1-256",
                JsonNodeFactory.instance.objectNode().put("overwrite", true),
                new CurateManifest.Counts(3, 1, 60.5, 9, 8, 55.0, 5, 40.0, Map.of("dark", 3L), 2, 1));
        manifest.publish(storage);
        assertEquals(Optional.of(manifest), CurateManifest.find(storage));
        assertEquals("clips/run=20260101T000000Z-1", manifest.folder(CurateManifest.CLIPS));
    }

    @Test
    void otherFoldersHoldNone() throws IOException {
        assertEquals(Optional.empty(), CurateManifest.find(storage));
        write("{\"run\": \"20260101T000000Z-1\", \"clips\": 4}");
        assertEquals(Optional.empty(), CurateManifest.find(storage), "the output of bucketing");
        write("not JSON");
        assertEquals(Optional.empty(), CurateManifest.find(storage));
    }

    @Test
    void oneThatCannotBeUnderstoodIsTold() throws IOException {
        write("{\"kind\": \"curation\", \"run\": 1, \"of_a_later_version\": true}");
        UserError refused = assertThrows(UserError.class, () -> CurateManifest.find(storage));
        assertTrue(refused.getMessage().contains("of_a_later_version"), refused.getMessage());
    }
}
