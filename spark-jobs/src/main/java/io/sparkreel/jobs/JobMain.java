// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import io.sparkreel.jobs.config.reader.LoadedConfig;
import io.sparkreel.jobs.error.DiskFull;
import io.sparkreel.jobs.error.Outcome;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.spark.Umask;
import io.sparkreel.model.ForeignText;
import org.apache.hadoop.fs.FSError;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/** What the mains of the jobs share: reading the command line, and exit codes. */
final class JobMain {
    private static final Logger LOG = LogManager.getLogger(JobMain.class);

    private JobMain() {}

    /** A job, given its configuration. */
    interface Job<C extends Record> {
        void run(LoadedConfig<C> configuration) throws Exception;
    }

    /**
     * Reads the command line and the configuration and runs a job.
     *
     * @return the exit code
     */
    static <C extends Record> int run(JobCommand<C> command, String[] words, Job<C> job) {
        return Outcome.of(
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
}
