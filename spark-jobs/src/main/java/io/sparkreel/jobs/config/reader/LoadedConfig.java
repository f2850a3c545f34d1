// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.reader;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.model.ForeignText;
import java.io.IOException;
import java.util.List;

/**
 * A configuration as read, with what its reading had to say.
 *
 * @param <T> record of the whole configuration
 */
public final class LoadedConfig<T extends Record> {
    private final T config;
    private final List<String> notices;
    private final Sources sources;

    LoadedConfig(T config, List<String> notices, Sources sources) {
        this.config = config;
        this.notices = notices;
        this.sources = sources;
    }

    /** A configuration that a program has made. */
    public static <T extends Record> LoadedConfig<T> of(T config) {
        return new LoadedConfig<>(
                config, List.of(), new Sources("the settings", JsonNodeFactory.instance.objectNode(), List.of()));
    }

    public T config() {
        return config;
    }

    /** One line for each key that was accepted and has no work here. */
    public List<String> notices() {
        return notices;
    }

    /**
     * The effective configuration, defaults and flags included, as YAML that reads back to an equal one. Passwords
     * in addresses are left out: it is written where others read it.
     */
    public String yaml() {
        return ForeignText.masked(ConfigLoader.print(config));
    }

    /** Makes an object, possibly from files. */
    public interface Maker<V> {
        V make() throws IOException;
    }

    /**
     * Makes an object of the other modules from the value of a key; their refusal becomes one that names file and key.
     *
     * @param key dotted path of the value
     * @throws UserError when the maker refuses the value
     */
    public <V> V resolve(String key, Maker<V> maker) throws IOException {
        try {
            return maker.make();
        } catch (io.sparkreel.bucketing.InvalidInputException | io.sparkreel.model.InvalidInputException e) {
            throw sources.refused(key, e);
        }
    }
}
