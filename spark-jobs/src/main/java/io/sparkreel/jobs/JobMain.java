// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import io.sparkreel.jobs.config.reader.LoadedConfig;
import io.sparkreel.jobs.error.DiskFull;
import io.sparkreel.jobs.error.Stopped;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.spark.Umask;
import io.sparkreel.model.ForeignText;
import java.io.PrintStream;
import org.apache.hadoop.fs.FSError;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/** What the mains of the jobs share: reading the command line, and exit codes. */
final class JobMain {
    static final int DONE = 0;
    static final int FAILED = 1;
    static final int USER_ERROR = 2;
    /** What a shell tells of a process that SIGTERM has ended. */
    static final int STOPPED = 143;

    private static final Logger LOG = LogManager.getLogger(JobMain.class);

    private JobMain() {}

    /** A job, given its configuration. */
    interface Job<C extends Record> {
        void run(LoadedConfig<C> configuration) throws Exception;
    }

    /** Work that may fail in any way. */
    interface Work {
        void run() throws Exception;
    }

    /**
     * Reads the command line and the configuration and runs a job.
     *
     * @return the exit code
     */
    static <C extends Record> int run(JobCommand<C> command, String[] words, Job<C> job) {
        return run(
                () -> {
                    JobArguments arguments = JobArguments.parse(command, words);
                    if (arguments.helpRequested()) {
                        System.out.print(command.usage());
                        return;
                    }
                    LoadedConfig<C> configuration = arguments.load(command.type());
                    Umask.follow();
                    configuration.notices().forEach(notice -> LOG.info("{}", notice));
                    try {
                        job.run(configuration);
                    } catch (Exception | FSError e) { // Hadoop makes an Error of a local disk that refuses a write
                        if (DiskFull.isCauseOf(e) && UserError.in(e) == null) {
                            throw full(command.folder().apply(configuration.config()), e);
                        }
                        throw e;
                    }
                },
                System.err);
    }

    private static UserError full(String folder, Throwable failure) {
        return new UserError(
                "Cannot go on writing to " + ForeignText.line(String.valueOf(folder)) + ": no space is left there or in"
                        + " Spark's local folders. Make room, and start it again with the same command.",
                failure);
    }

    /**
     * Runs work and says in one line how it failed: exit code 2 for an error of the user's, without a stack trace;
     * exit code 1 for any other, with the stack trace in the log; exit code 143 where it was stopped.
     */
    static int run(Work work, PrintStream errors) {
        try {
            work.run();
            return DONE;
        } catch (Stopped e) {
            errors.println("sparkreel: " + oneLine(e.getMessage()));
            return STOPPED;
        } catch (Exception | Error e) {
            Throwable mistake = UserError.in(e);
            if (mistake != null) {
                errors.println("sparkreel: " + oneLine(mistake.getMessage()));
                return USER_ERROR;
            }
            LOG.error("The job failed.", e);
            errors.println("sparkreel: the job failed: " + withCause(e));
            return FAILED;
        }
    }

    /** A failure, and what it came from where it does not say that itself. */
    private static String withCause(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        String told = oneLine(failure.toString());
        String cause = oneLine(root.toString());
        return told.contains(cause) ? told : told + " Caused by " + cause;
    }

    private static String oneLine(String text) {
        String line = text.lines().findFirst().orElse("");
        return ForeignText.line(line.strip());
    }
}
