// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.model.checkpoint.CheckpointReader;
import io.sparkreel.model.checkpoint.LocalStorage;
import io.sparkreel.model.collective.SingleProcess;
import io.sparkreel.model.metrics.TensorBoardWriter;
import io.sparkreel.model.torch.Torch;
import io.sparkreel.model.train.TinyTraining;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a user's locale writes with digits of its own. */
class LocaleTest {
    private final Locale before = Locale.getDefault();

    @TempDir
    private Path work;

    @BeforeEach
    void useOtherDigits() {
        Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
        assertNotEquals("5", String.format(Locale.getDefault(), "%d", 5), "the locale has digits of its own");
    }

    @AfterEach
    void restore() {
        Locale.setDefault(before);
    }

    @Test
    void aCheckpointIsWrittenAndReadBack() throws Exception {
        Torch.start(1);
        LocalStorage run = new LocalStorage(work);
        try (TinyTraining training = new TinyTraining(new SingleProcess())) {
            training.trainUntil(1);
            training.save(run);
        }
        CheckpointReader checkpoint = CheckpointReader.newest(run, path -> true)
                .orElseThrow(() -> new AssertionError("no checkpoint is found"))
                .checkpoint();
        assertEquals(1, TrainingCheckpoint.state(checkpoint).globalStep());
        for (Map.Entry<String, ?> file : checkpoint.files().entrySet()) {
            assertTrue(file.getKey().matches("\\p{ASCII}+"), file.getKey());
            checkpoint.read(file.getKey());
        }
    }

    @Test
    void anEventFileHasTheNameAndTheContentThatTensorBoardReads() throws Exception {
        Instant created = Instant.ofEpochSecond(1_700_000_000L);
        assertEquals("events.out.tfevents.1700000000.host", TensorBoardWriter.fileName(created, "host"));
        byte[] here = events(created);
        Locale.setDefault(Locale.ROOT);
        assertArrayEquals(events(created), here);
    }

    private static byte[] events(Instant created) throws IOException {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        try (TensorBoardWriter writer = new TensorBoardWriter(file, created)) {
            writer.scalar("loss/" + 12, 12, 0.5f, created);
        }
        return file.toByteArray();
    }
}
