// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.watch;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.storage.HadoopStorage;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/**
 * Hands the event files of a run to the {@code wandb} program when the run ends, however it ends. Which server and
 * whose account is the program's own business: it reads its own environment and files.
 */
public final class WandbSync implements LineSink {
    private static final Logger LOG = LogManager.getLogger(WandbSync.class);
    private static final String NAME = "wandb";
    private static final String PROJECT = "sparkreel";
    private static final String KEY = System.getenv("WANDB_API_KEY");
    private static final int LIMIT_MINUTES = 60;

    private final Path program;
    private final HadoopStorage run;

    /** @param program as {@link #find} finds it */
    WandbSync(Path program, HadoopStorage run) {
        this.program = program;
        this.run = run;
    }

    /**
     * The program on a search path.
     *
     * @param path folders, as in the environment's PATH
     * @throws UserError if it is in none of them
     */
    public static Path find(String path) {
        return Stream.of(path.split(File.pathSeparator))
                .filter(folder -> !folder.isEmpty())
                .map(folder -> Path.of(folder, NAME))
                .filter(file -> Files.isRegularFile(file) && Files.isExecutable(file))
                .findFirst()
                .orElseThrow(() -> new UserError("Cannot hand the run to wandb: there is no program 'wandb' on"
                        + " the driver's PATH. Install it there (pip install wandb) and log in, or set wandb: false."));
    }

    @Override
    public void line(JsonNode line) {}

    @Override
    public void close() {
        try {
            Optional<Path> local = run.localPath(TensorBoardLog.FOLDER);
            if (local.isPresent()) {
                sync(local.get());
            } else {
                syncCopy();
            }
        } catch (IOException e) {
            LOG.warn(
                    "The run could not be handed to wandb: {}. 'wandb sync --sync-tensorboard {}' does so by hand.",
                    e.getMessage(),
                    run.uri(TensorBoardLog.FOLDER));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The program reads folders of this machine only. */
    private void syncCopy() throws IOException, InterruptedException {
        Path scratch = Files.createTempDirectory("sparkreel-wandb");
        Path copy = Files.createDirectory(scratch.resolve(TensorBoardLog.FOLDER));
        List<Path> files = new ArrayList<>();
        try {
            for (String name : run.list(TensorBoardLog.FOLDER)) {
                try (InputStream in = run.open(TensorBoardLog.FOLDER + "/" + name)) {
                    files.add(copy.resolve(name));
                    Files.copy(in, copy.resolve(name));
                }
            }
            sync(copy);
        } finally {
            for (Path file : files) {
                Files.deleteIfExists(file);
            }
            Files.deleteIfExists(copy);
            Files.deleteIfExists(scratch);
        }
    }

    private void sync(Path folder) throws IOException, InterruptedException {
        List<String> command = List.of(
                program.toString(),
                "sync",
                "--sync-tensorboard",
                "--project",
                PROJECT,
                "--id",
                id(folder),
                folder.toString());
        LOG.info("Handing {} to wandb", folder);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        Thread lines = new Thread(() -> repeat(process), "sparkreel-wandb");
        lines.setDaemon(true);
        lines.start();
        if (!process.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES)) {
            process.destroyForcibly();
            throw new IOException("it did not end within " + LIMIT_MINUTES + " minutes");
        }
        lines.join(TimeUnit.SECONDS.toMillis(5));
        if (process.exitValue() != 0) {
            throw new IOException("it ended with code " + process.exitValue());
        }
    }

    private static void repeat(Process process) {
        try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                LOG.info("wandb: {}", KEY == null || KEY.isEmpty() ? line : line.replace(KEY, "***"));
            }
        } catch (IOException e) {
            LOG.debug("wandb ended while its output was read", e);
        }
    }

    /** All starts of a run are one run there: the random part of the first event file's name. */
    private static String id(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            String first = files.map(file -> file.getFileName().toString())
                    .sorted()
                    .findFirst()
                    .orElseThrow(() -> new IOException("there are no event files"));
            return first.substring(first.lastIndexOf('.') + 1);
        }
    }
}
