// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A browser without a window, where the machine has one. */
public final class Chromium {
    private static final int LIMIT_S = 60;

    private Chromium() {}

    /**
     * A page as the browser has it when everything is loaded.
     *
     * @param dom as markup
     * @param console lines of its console
     */
    public record Page(String dom, List<String> console) {}

    /**
     * Opens a page; skips the test where there is no browser.
     *
     * @param scratch folder for the browser's files
     */
    public static Page open(Path page, Path scratch, String... options) throws Exception {
        Optional<Path> chromium = Stream.of("chromium", "chromium-browser", "google-chrome")
                .flatMap(name -> Stream.of(System.getenv("PATH").split(":")).map(folder -> Path.of(folder, name)))
                .filter(Files::isExecutable)
                .findFirst();
        assumeTrue(chromium.isPresent(), "no chromium on this machine");
        Path errors = Files.createTempFile(scratch, "chromium", ".log");
        Path dom = Files.createTempFile(scratch, "chromium", ".html");
        List<String> command = new ArrayList<>(List.of(
                chromium.get().toString(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--user-data-dir=" + scratch.resolve("profile"),
                "--enable-logging=stderr"));
        command.addAll(List.of(options));
        command.addAll(List.of("--dump-dom", page.toUri().toString()));
        Process browser = new ProcessBuilder(command)
                .redirectError(errors.toFile())
                .redirectOutput(dom.toFile())
                .start();
        if (!browser.waitFor(LIMIT_S, TimeUnit.SECONDS)) {
            browser.descendants().forEach(ProcessHandle::destroyForcibly);
            browser.destroyForcibly();
            throw new AssertionError("chromium did not end: " + read(errors));
        }
        return new Page(
                read(dom),
                read(errors).lines().filter(line -> line.contains("CONSOLE")).toList());
    }

    private static String read(Path file) throws IOException {
        return new String(Files.readAllBytes(file), java.nio.charset.StandardCharsets.UTF_8);
    }
}
