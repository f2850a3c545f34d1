// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import io.sparkreel.bucketing.NearestName;
import io.sparkreel.jobs.config.reader.ConfigLoader;
import io.sparkreel.jobs.config.reader.ConfigOverride;
import io.sparkreel.jobs.config.reader.LoadedConfig;
import io.sparkreel.jobs.error.UserError;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.SparkHadoopUtil;

/** A command line, read: the configuration file and what the options change in it. */
final class JobArguments {
    private final JobCommand<?> command;
    private final List<ConfigOverride> overrides = new ArrayList<>();
    private String configuration;
    private boolean helpRequested;

    private JobArguments(JobCommand<?> command) {
        this.command = command;
    }

    /**
     * Options are {@code --name value} or {@code --name=value}; underscores in names are dashes. A word that belongs to
     * no option is the configuration file. Later options win over earlier ones, and all of them over the file.
     *
     * @throws UserError when an option is unknown or lacks its value
     */
    static JobArguments parse(JobCommand<?> command, String... words) {
        JobArguments arguments = new JobArguments(command);
        int next = 0;
        while (next < words.length) {
            next = arguments.takeOption(words, next);
        }
        return arguments;
    }

    boolean helpRequested() {
        return helpRequested;
    }

    /** @throws UserError when there is no configuration file, or it is refused */
    <C extends Record> LoadedConfig<C> load(Class<C> type) {
        if (configuration == null) {
            throw error(
                    "no --config",
                    "Give --config FILE, such as a file under conf/" + command.name()
                            + "/ of your own or one that comes with Sparkreel");
        }
        // A driver that runs in the cluster may find its configuration on the cluster's storage alone.
        return configuration.matches("[a-z][a-z0-9+.-]*:.*")
                ? ConfigLoader.parse(type, configuration, remote(configuration), overrides)
                : ConfigLoader.load(type, Path.of(configuration), overrides);
    }

    private static String remote(String file) {
        org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(file);
        try (InputStream in = path.getFileSystem(SparkHadoopUtil.get().newConfiguration(new SparkConf()))
                .open(path)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UserError(
                    "Cannot read " + file + ": "
                            + (e instanceof FileNotFoundException ? "there is no such file" : e.getMessage())
                            + ". Give --config a file that can be read.",
                    e);
        }
    }

    private int takeOption(String[] words, int at) {
        String word = words[at];
        if (word.equals("-h") || word.equals("--help")) {
            helpRequested = true;
            return at + 1;
        }
        if (!word.startsWith("--")) {
            setConfiguration(word);
            return at + 1;
        }
        int equals = word.indexOf('=');
        String name =
                (equals < 0 ? word : word.substring(0, equals)).substring(2).replace('_', '-');
        JobFlag flag = flag(name);
        List<String> values = new ArrayList<>();
        int next = at + 1;
        if (equals >= 0) {
            values.add(word.substring(equals + 1));
        }
        while (next < words.length
                && !words[next].startsWith("--")
                && (values.size() < flag.leastValues() || flag.takesMore())) {
            values.add(words[next++]);
        }
        if (values.size() < flag.leastValues() || (flag.kind() == JobFlag.Kind.SWITCH && !values.isEmpty())) {
            throw error(
                    "'--" + name + "' has " + (values.isEmpty() ? "no value" : "the values " + values),
                    "Write " + ("--" + name + " " + flag.values()).strip());
        }
        apply(name, flag, values);
        return next;
    }

    private void apply(String name, JobFlag flag, List<String> values) {
        if (name.equals("config")) {
            setConfiguration(values.get(0));
        } else if (name.equals("set")) {
            overrides.add(setting(values.get(0)));
        } else {
            overrides.add(flag.override(values));
        }
    }

    private void setConfiguration(String file) {
        if (configuration != null) {
            throw error(
                    "'" + file + "' beside the configuration " + configuration,
                    "Give one configuration, and quote texts with spaces");
        }
        configuration = file;
    }

    private ConfigOverride setting(String assignment) {
        int equals = assignment.indexOf('=');
        if (equals < 1) {
            throw error("'--set " + assignment + "' sets nothing", "Write --set key=value");
        }
        return ConfigOverride.yaml(
                assignment.substring(0, equals).strip(), assignment.substring(equals + 1), "--set " + assignment);
    }

    private JobFlag flag(String name) {
        Map<String, JobFlag> flags = new LinkedHashMap<>();
        flags.put("config", new JobFlag("config", JobFlag.Kind.TEXT, "", "FILE", ""));
        flags.put("set", new JobFlag("set", JobFlag.Kind.TEXT, "", "KEY=VALUE", ""));
        command.flags().forEach(flag -> flags.put(flag.name(), flag));
        JobFlag flag = flags.get(name);
        if (flag == null) {
            throw error(
                    "unknown option '--" + name + "'",
                    "Did you mean '" + nearest(name, flags) + "'? --help lists" + " them all");
        }
        return flag;
    }

    /** Among the options and, as they can be set too, the keys of the file. */
    private String nearest(String name, Map<String, JobFlag> flags) {
        Map<String, String> spellings = new LinkedHashMap<>();
        flags.keySet().forEach(flag -> spellings.put(flag, "--" + flag));
        command.keys()
                .forEach(path ->
                        spellings.putIfAbsent(path.substring(path.lastIndexOf('.') + 1), "--set " + path + "=VALUE"));
        return spellings.get(NearestName.of(name, spellings.keySet()));
    }

    private UserError error(String found, String advice) {
        return new UserError("Cannot start " + command.job() + ": " + found + ". " + advice + ".");
    }
}
