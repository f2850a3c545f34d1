// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.command;

import io.sparkreel.model.InvalidInputException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Reads command lines with picocli, by the rules that all programs share: options are {@code --name value} or
 * {@code --name=value}, underscores in their names are dashes, the last of several counts, and what is wrong is told in
 * one line, "Cannot (do what): (what was found). (What to do)."
 */
public final class CommandWords {
    private static final String DASHES = "--";
    private static final String LIST = "--help lists them all";

    private final CommandSpec spec;
    private final String action;
    private final UnaryOperator<String> nearest;

    /**
     * @param spec options and positional words of the program
     * @param action what cannot be done where the words are refused, such as "measure steps"
     * @param nearest by the name of an unknown option, how to write what was probably meant; or null
     */
    public CommandWords(CommandSpec spec, String action, UnaryOperator<String> nearest) {
        this.spec = spec;
        this.action = action;
        this.nearest = nearest;
    }

    /**
     * Reads words into an object whose fields carry picocli's annotations, and {@link Range} where numbers have bounds.
     *
     * @return {@code options}
     * @throws InvalidInputException if the words are not such options
     */
    public static <T> T read(T options, String action, String... words) {
        CommandSpec spec = CommandSpec.forAnnotatedObject(options);
        new CommandWords(spec, action, name -> nearest(spec, name)).parse(words);
        return options;
    }

    /** Reads the words of a program that takes none. */
    public static void readNone(String action, String... words) {
        new CommandWords(CommandSpec.create(), action, name -> null).parse(words);
    }

    /** @throws InvalidInputException if the words are not what the specification allows */
    public void parse(String... words) {
        CommandLine line = new CommandLine(spec)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExpandAtFiles(false)
                .setInterpolateVariables(false)
                .setOverwrittenOptionsAllowed(true)
                .setPosixClusteredShortOptionsAllowed(false);
        List<String> known = Arrays.stream(words).map(this::known).toList();
        try {
            line.parseArgs(known.toArray(String[]::new));
        } catch (ParameterException e) {
            throw refused(e, known);
        }
        for (ArgSpec argument : spec.args()) {
            if (argument.getValue() instanceof Number number
                    && !Range.Bounds.of(argument).hold(number)) {
                throw badValue(argument, number.toString());
            }
        }
    }

    /** The word, with the name of its option as picocli knows it. */
    private String known(String word) {
        if (!word.startsWith(DASHES)) {
            return word;
        }
        int equals = word.indexOf('=');
        String name = (equals < 0 ? word : word.substring(0, equals)).replace('_', '-');
        if (!spec.optionsMap().containsKey(name)) {
            String meant = nearest.apply(name);
            throw refused(
                    "unknown option '" + name + "'", (meant == null ? "" : "Did you mean '" + meant + "'? ") + LIST);
        }
        OptionSpec option = spec.optionsMap().get(name);
        if (equals >= 0 && option.arity().max() == 0) {
            throw refused("'" + name + "' has the values [" + word.substring(equals + 1) + "]", "Write " + name);
        }
        return equals < 0 ? name : name + word.substring(equals);
    }

    /** An option with the same beginning. */
    private static String nearest(CommandSpec spec, String name) {
        return new UnmatchedArgumentException(new CommandLine(spec), List.of(name))
                .getSuggestions().stream().findFirst().orElse(null);
    }

    private InvalidInputException refused(ParameterException failure, List<String> words) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof InvalidInputException told) { // of what takes the value
                return told;
            }
        }
        if (failure instanceof UnmatchedArgumentException unmatched) {
            return refused("'" + unmatched.getUnmatched().get(0) + "' is one word too many", LIST);
        }
        ArgSpec argument = failure.getArgSpec();
        if (failure instanceof MissingParameterException missing) {
            argument = missing.getMissing().get(0);
            return refused(
                    words.contains(name(argument))
                            ? "'" + name(argument) + "' has no value"
                            : name(argument) + " is missing",
                    "Write " + usage(argument));
        }
        return badValue(argument, failure.getValue());
    }

    private InvalidInputException badValue(ArgSpec argument, String value) {
        return refused(name(argument) + " is '" + value + "'", "Give " + wanted(argument));
    }

    private InvalidInputException refused(String found, String remedy) {
        return new InvalidInputException("Cannot " + action + ": " + found + ". " + remedy + ".");
    }

    private static String name(ArgSpec argument) {
        return argument instanceof OptionSpec option ? option.longestName() : argument.paramLabel();
    }

    private static String usage(ArgSpec argument) {
        return argument instanceof PositionalParamSpec
                ? argument.paramLabel()
                : (name(argument) + " " + argument.paramLabel()).strip();
    }

    /** What values an argument takes. */
    private static String wanted(ArgSpec argument) {
        Class<?> type = argument.typeInfo().getType();
        if (type.isEnum()) {
            List<String> words = argument.typeInfo().getEnumConstantNames().stream()
                    .map(word -> word.toLowerCase(Locale.ROOT))
                    .toList();
            int last = words.size() - 1;
            return words.subList(0, last).stream().collect(Collectors.joining(", ")) + " or " + words.get(last);
        }
        boolean whole = type == int.class || type == Integer.class || type == long.class || type == Long.class;
        return (whole ? "a whole number" : "a number") + Range.Bounds.of(argument);
    }
}
