// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.bucketing.media.crash.CrashGuard;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.Logger;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OpenMediaTest {
    /** Keeps what is logged. */
    private static final class Lines extends AbstractAppender {
        private final List<String> lines = new ArrayList<>();

        Lines() {
            super("lines", null, null, true, Property.EMPTY_ARRAY);
        }

        @Override
        public void append(LogEvent event) {
            lines.add(event.getMessage().getFormattedMessage());
        }
    }

    @TempDir
    private Path work;

    @Test
    void whereNoFolderCanBeMadeJobsGoOnAndSayItOnce() throws Exception {
        Path file = Files.writeString(work.resolve("file"), "no folder");
        Logger logger = (Logger) LogManager.getLogger(OpenMedia.class);
        Lines said = new Lines();
        said.start();
        Level level = logger.getLevel();
        logger.addAppender(said);
        logger.setLevel(Level.WARN); // an appender that is added sets the level back
        String before = System.setProperty("java.io.tmpdir", file.toString());
        try {
            for (int task = 0; task < 2; task++) {
                try (CrashGuard guard = OpenMedia.guard("job");
                        CrashGuard.Opening opening = guard.enter("clip")) {
                    assertNotNull(opening);
                    assertFalse(guard.isKnownToCrash("clip"));
                }
            }
        } finally {
            System.setProperty("java.io.tmpdir", before);
            logger.removeAppender(said);
            logger.setLevel(level);
        }
        assertEquals(1, said.lines.size(), said.lines.toString());
        assertTrue(said.lines.get(0).contains(file.toString()), said.lines.get(0));
    }
}
