// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import io.sparkreel.bucketing.NearestName;
import io.sparkreel.jobs.JobFlag.Kind;
import io.sparkreel.jobs.config.reader.ConfigLoader;
import io.sparkreel.jobs.config.reader.ConfigOverride;
import io.sparkreel.jobs.config.reader.LoadedConfig;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.command.CommandWords;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.SparkHadoopUtil;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.IGetter;
import picocli.CommandLine.Model.ISetter;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

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
        try {
            new CommandWords(arguments.spec(), "start " + command.job(), arguments::nearest).parse(words);
        } catch (InvalidInputException e) {
            throw new UserError(e.getMessage(), e);
        }
        return arguments;
    }

    /** What picocli reads; it hands over each value in the order of the command line. */
    private CommandSpec spec() {
        CommandSpec spec = CommandSpec.create();
        spec.addOption(
                option(new JobFlag("config", Kind.TEXT, "", "FILE", ""), values -> setConfiguration(values.get(0))));
        spec.addOption(option(
                new JobFlag("set", Kind.TEXT, "", "KEY=VALUE", ""), values -> overrides.add(setting(values.get(0)))));
        Taker help = new Taker(values -> helpRequested = true);
        spec.addOption(OptionSpec.builder("--help", "-h")
                .arity("0")
                .type(boolean.class)
                .getter(help)
                .setter(help)
                .build());
        for (JobFlag flag : command.flags()) {
            spec.addOption(option(flag, values -> overrides.add(override(flag, values))));
        }
        Taker file = new Taker(values -> values.forEach(this::setConfiguration));
        spec.addPositional(PositionalParamSpec.builder()
                .index("0..*")
                .arity("0..*")
                .type(String[].class)
                .paramLabel("FILE")
                .getter(file)
                .setter(file)
                .build());
        return spec;
    }

    private static OptionSpec option(JobFlag flag, Consumer<List<String>> take) {
        Taker taker = new Taker(take);
        return OptionSpec.builder("--" + flag.name())
                .arity(flag.arity())
                .type(flag.kind() == Kind.SWITCH ? boolean.class : String[].class)
                .paramLabel(flag.values())
                .getter(taker)
                .setter(taker)
                .build();
    }

    /** Hands on what picocli has read, and shows it nothing of what was given before. */
    private record Taker(Consumer<List<String>> take) implements IGetter, ISetter {
        @Override
        @SuppressWarnings("TypeParameterUnusedInFormals") // as picocli declares it
        public <T> T get() {
            return null;
        }

        @Override
        @SuppressWarnings("TypeParameterUnusedInFormals")
        public <T> T set(T value) {
            if (value instanceof String[] texts) {
                take.accept(List.of(texts));
            } else if (Boolean.TRUE.equals(value)) {
                take.accept(List.of());
            } // and nothing where picocli sets a value at first
            return null;
        }
    }

    private ConfigOverride override(JobFlag flag, List<String> values) {
        if (flag.kind() == Kind.PAIR && values.size() < 2) {
            throw error(
                    "'--" + flag.name() + "' has the values " + values, "Write --" + flag.name() + " " + flag.values());
        }
        return flag.override(values);
    }

    boolean helpRequested() {
        return helpRequested;
    }

    /** @throws UserError when there is no configuration file, or it is refused */
    <C extends Record> LoadedConfig<C> load(Class<C> type) {
        if (configuration == null) {
            throw new UserError("Cannot start " + command.job() + ": no --config. Give --config FILE, such as a file"
                    + " under conf/" + command.name() + "/ of your own or one that comes with Sparkreel.");
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

    /** Among the options and, as they can be set too, the keys of the file. */
    private String nearest(String option) {
        Map<String, String> spellings = new LinkedHashMap<>();
        Stream.concat(Stream.of("config", "set"), command.flags().stream().map(JobFlag::name))
                .forEach(flag -> spellings.put(flag, "--" + flag));
        command.keys()
                .forEach(path ->
                        spellings.putIfAbsent(path.substring(path.lastIndexOf('.') + 1), "--set " + path + "=VALUE"));
        return spellings.get(NearestName.of(option.substring(2), spellings.keySet()));
    }

    private InvalidInputException error(String found, String advice) {
        return new InvalidInputException("Cannot start " + command.job() + ": " + found + ". " + advice + ".");
    }
}
