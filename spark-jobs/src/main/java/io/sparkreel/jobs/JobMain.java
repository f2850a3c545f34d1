// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import io.sparkreel.jobs.config.reader.LoadedConfig;
import io.sparkreel.jobs.error.Stopped;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.spark.Umask;
import io.sparkreel.model.ForeignText;
import java.io.PrintStream;
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
                    job.run(configuration);
                },
                System.err);
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
        } catch (Exception | LinkageError | OutOfMemoryError e) {
            Throwable mistake = UserError.in(e);
            if (mistake != null) {
                errors.println("sparkreel: " + oneLine(mistake.getMessage()));
                return USER_ERROR;
            }
            LOG.error("The job failed.", e);
            errors.println("sparkreel: the job failed: " + oneLine(e.toString()));
            return FAILED;
        }
    }

    private static String oneLine(String text) {
        String line = text.lines().findFirst().orElse("");
        return ForeignText.line(line.strip());
    }
}
