// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.doctor;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.AccessDeniedException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Writes a small file into a folder, finds and reads it, and deletes it. */
final class PathCheck {
    private static final int LIMIT_S = 20;
    private static final int BYTES = 4096;
    /** S3 refuses requests at 15 minutes; other things go wrong before. */
    private static final Duration MOST_SKEW = Duration.ofSeconds(30);

    /** Folders that were not there before. */
    private static final Set<String> MADE = ConcurrentHashMap.newKeySet();

    private PathCheck() {}

    /** @param subject how the finding is called */
    static Finding run(String subject, Configuration hadoop, String folder) {
        FutureTask<Finding> task = new FutureTask<>(() -> probe(subject, impatient(hadoop), folder));
        Thread thread = new Thread(task, "path-check");
        thread.setDaemon(true);
        thread.setContextClassLoader(Thread.currentThread().getContextClassLoader());
        thread.start();
        try {
            return task.get(LIMIT_S, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            return Finding.fail(subject, folder + ": no answer within " + LIMIT_S + " s", endpoint(folder));
        } catch (ExecutionException e) {
            return failure(subject, folder, e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Finding.skip(subject, "interrupted");
        }
    }

    /** Jobs retry for minutes where a store is busy; here a wrong endpoint must be reported soon. */
    private static Configuration impatient(Configuration hadoop) {
        Configuration few = new Configuration(hadoop);
        few.setInt("fs.s3a.attempts.maximum", 3);
        few.setInt("fs.s3a.retry.limit", 2);
        few.set("fs.s3a.retry.interval", "200ms");
        few.set("fs.s3a.connection.establish.timeout", "15s");
        return few;
    }

    private static Finding probe(String subject, Configuration hadoop, String folder) throws IOException {
        Path file = new Path(folder, ".sparkreel-doctor-" + UUID.randomUUID());
        byte[] content = new byte[BYTES];
        new Random(1).nextBytes(content);
        try (FileSystem files = FileSystem.newInstance(file.toUri(), hadoop)) {
            if (!files.exists(file.getParent())) {
                MADE.add(folder);
            }
            try {
                try (OutputStream out = files.create(file, true)) {
                    out.write(content);
                }
                Duration skew = Duration.between(
                                Instant.now(),
                                Instant.ofEpochMilli(files.getFileStatus(file).getModificationTime()))
                        .abs();
                byte[] end = new byte[BYTES / 2];
                try (FSDataInputStream in = files.open(file)) {
                    in.readFully(BYTES / 2, end);
                }
                if (!Arrays.equals(end, Arrays.copyOfRange(content, BYTES / 2, BYTES))) {
                    return Finding.fail(
                            subject, folder + ": other bytes are read than were written", "Take another storage");
                }
                if (Arrays.stream(files.listStatus(file.getParent()))
                        .noneMatch(status -> status.getPath().getName().equals(file.getName()))) {
                    return Finding.fail(
                            subject,
                            folder + ": a new file is not in the listing",
                            "Allow to list the folder (s3:ListBucket)");
                }
                if (skew.compareTo(MOST_SKEW) > 0) {
                    return Finding.fail(
                            subject,
                            folder + ": its clock and this machine's are " + skew.toSeconds() + " s apart",
                            "Run chrony or ntpd");
                }
            } finally {
                files.delete(file, false);
            }
            if (files.exists(file)) {
                return Finding.fail(
                        subject,
                        folder + ": a file that was deleted is still there",
                        "Allow to delete (s3:DeleteObject)");
            }
            return Finding.ok(subject, folder + ": writes, lists, reads and deletes");
        }
    }

    /** Leaves no folder behind that the checks of this process made, unless something is in it by now. */
    static void tidy(Configuration hadoop) {
        for (String folder : MADE) {
            try {
                new Path(folder).getFileSystem(hadoop).delete(new Path(folder), false);
            } catch (IOException e) {
                // It is in use.
            }
        }
    }

    private static Finding failure(String subject, String folder, Throwable failure) {
        String text = String.valueOf(failure.getMessage()).lines().findFirst().orElse("");
        String found = folder + ": " + failure.getClass().getSimpleName() + " " + text;
        if (failure.toString().contains("ClassNotFoundException") || text.contains("No FileSystem for scheme")) {
            return Finding.fail(
                    subject, found, "Give --jars \"$(submit/fetch-s3a)\" for s3a, or the jars of that storage");
        }
        if (failure instanceof AccessDeniedException || text.contains("Permission denied") || text.contains("403")) {
            return Finding.fail(
                    subject,
                    found,
                    "Give this user the right to write there; for s3a check"
                            + " AWS_ACCESS_KEY_ID or the role, and s3:PutObject");
        }
        if (failure instanceof FileNotFoundException && text.contains("bucket")) {
            return Finding.fail(subject, found, "Create the bucket, or name one that is there");
        }
        return Finding.fail(subject, found, endpoint(folder));
    }

    private static String endpoint(String folder) {
        return folder.startsWith("s3a:")
                ? "Check spark.hadoop.fs.s3a.endpoint, endpoint.region and path.style.access, and that the network lets"
                        + " this machine reach it"
                : "Name a folder in which this user may write";
    }
}
