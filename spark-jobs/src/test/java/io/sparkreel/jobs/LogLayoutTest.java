// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.impl.Log4jLogEvent;
import org.apache.logging.log4j.core.layout.PatternLayout;
import org.apache.logging.log4j.message.SimpleMessage;
import org.junit.jupiter.api.Test;

/** What the layouts of conf/log4j2.properties make of a message that quotes what others have written. */
class LogLayoutTest {
    private static String logged(String appender, String message, Throwable failure) throws IOException {
        Properties conf = new Properties();
        try (Reader file =
                Files.newBufferedReader(Path.of(System.getProperty("project.root"), "conf/log4j2.properties"))) {
            conf.load(file);
        }
        String layout = "appender." + appender + ".layout.";
        return PatternLayout.newBuilder()
                .withPattern(conf.getProperty(layout + "pattern"))
                .withAlwaysWriteExceptions(Boolean.parseBoolean(conf.getProperty(layout + "alwaysWriteExceptions")))
                .build()
                .toSerializable(Log4jLogEvent.newBuilder()
                        .setLoggerName("io.sparkreel.jobs.Some")
                        .setLevel(Level.WARN)
                        .setMessage(new SimpleMessage(message))
                        .setThrown(failure)
                        .build())
                .substring("00:00:00 ".length());
    }

    @Test
    void aMessageOfTheJobsIsOneLineAndAStackTraceIsNot() throws Exception {
        String line = logged("jobs", "new\r\nline \u001b[31mred \u202egnp.exe\ta|b", null);
        assertEquals("WARN  Some: new\\r\\nline ?[31mred ?gnp.exe\ta|b\n", line);
        String failed = logged("jobs", "The job failed.", new IOException("bad \u001b[2J"));
        List<String> lines = failed.lines().toList();
        assertEquals("WARN  Some: The job failed.", lines.get(0));
        assertEquals("java.io.IOException: bad ?[2J", lines.get(1));
        assertTrue(lines.get(2).startsWith("\tat "), failed);
        assertEquals(
                1, lines.stream().filter(each -> each.contains("IOException")).count(), failed);
    }

    @Test
    void sparksMessagesKeepTheLinesOfTheStackTracesInThem() throws Exception {
        assertEquals(
                "WARN  Some: Lost task: java.io.IOException: ?[31m\n\tat a.B\n",
                logged("console", "Lost task: java.io.IOException: \u001b[31m\n\tat a.B", null));
    }

    @Test
    void keysAndPasswordsInAddressesAreNotLogged() throws Exception {
        for (String appender : new String[] {"console", "jobs"}) {
            assertEquals(
                    "WARN  Some: s3a://***@bucket and https://***@host/x, abfss://c@account/x\n",
                    logged(appender, "s3a://key:se/cret@bucket and https://user:pw@host/x, abfss://c@account/x", null));
        }
    }
}
