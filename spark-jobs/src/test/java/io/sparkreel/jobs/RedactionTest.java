// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Which settings the profiles and the launchers keep out of Spark's web page and event log. */
class RedactionTest {
    private static final Path ROOT = Path.of(System.getProperty("project.root"));
    private static final String KEY = "spark.redaction.regex";

    private static String ofLaunchers() throws IOException {
        Matcher line = Pattern.compile("(?m)^REDACTED='(.*)'$")
                .matcher(Files.readString(ROOT.resolve("submit/lib/launch.sh")));
        assertTrue(line.find(), "launch.sh has no REDACTED");
        return line.group(1);
    }

    @Test
    void keysOfStoresAndTrackersAreRedacted() throws IOException {
        Pattern redacted = Pattern.compile(ofLaunchers());
        for (String name : List.of(
                "spark.executorEnv.WANDB_API_KEY",
                "spark.yarn.appMasterEnv.MLFLOW_TRACKING_TOKEN",
                "spark.kubernetes.driverEnv.MLFLOW_TRACKING_PASSWORD",
                "spark.hadoop.fs.azure.account.key.x.dfs.core.windows.net",
                "spark.hadoop.fs.azure.sas.container.account",
                "spark.executorEnv.AZURE_STORAGE_CONNECTION_STRING",
                "spark.executorEnv.OPENAI_API_KEY",
                "spark.executorEnv.AWS_ACCESS_KEY_ID",
                "spark.hadoop.fs.s3a.bucket.b.secret.key",
                "spark.executorEnv.GOOGLE_APPLICATION_CREDENTIALS",
                "spark.executorEnv.HF_TOKEN",
                "spark.authenticate.secret")) {
            assertTrue(redacted.matcher(name).find(), name);
        }
        for (String name : List.of(
                "spark.executor.memory",
                "spark.app.name",
                "spark.hadoop.fs.s3a.endpoint",
                "spark.kubernetes.authenticate.driver.serviceAccountName",
                "spark.sql.codegen.hugeMethodLimit")) {
            assertFalse(redacted.matcher(name).find(), name);
        }
    }

    @Test
    void everyProfileSaysWhatTheLaunchersSay() throws IOException {
        List<Path> profiles;
        try (Stream<Path> files = Files.list(ROOT.resolve("conf/spark"))) {
            profiles = files.filter(file -> file.toString().endsWith(".conf"))
                    .filter(file -> !file.endsWith("s3a.conf")) // joined to another one, whose choice it would undo
                    .toList();
        }
        assertFalse(profiles.isEmpty());
        for (Path profile : profiles) {
            Properties settings = new Properties();
            try (Reader file = Files.newBufferedReader(profile)) {
                settings.load(file);
            }
            assertEquals(ofLaunchers(), settings.getProperty(KEY), profile.toString());
        }
    }
}
