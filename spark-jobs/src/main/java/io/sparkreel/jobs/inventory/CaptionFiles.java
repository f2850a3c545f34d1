// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inventory;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** Captions beside clips: {@code NAME.txt}, or {@code NAME.json} with {@code caption} or {@code text}. */
final class CaptionFiles {
    private static final int LONGEST = 1 << 16;
    private static final ObjectMapper JSON = new ObjectMapper();

    private CaptionFiles() {}

    /** A caption file that says nothing usable. */
    static final class BadCaption extends Exception {
        private static final long serialVersionUID = 1L;

        BadCaption(String message) {
            super(message);
        }
    }

    /** @return the stripped text; empty where there is no file */
    static String read(Configuration hadoop, String uri) throws IOException, BadCaption {
        if (uri == null) {
            return "";
        }
        Path path = new Path(uri);
        String text;
        try (InputStream in = path.getFileSystem(hadoop).open(path)) {
            text = new String(in.readNBytes(LONGEST), StandardCharsets.UTF_8);
        }
        return uri.endsWith(".json") ? fromJson(uri, text) : text.strip();
    }

    private static String fromJson(String uri, String text) throws BadCaption {
        try {
            JsonNode json = JSON.readTree(text);
            for (String key : new String[] {"caption", "text"}) {
                if (json.path(key).isTextual()) {
                    return json.get(key).asText().strip();
                }
            }
        } catch (JsonProcessingException e) {
            throw new BadCaption(uri + " is no JSON: " + e.getOriginalMessage());
        }
        throw new BadCaption(uri + " has neither a text 'caption' nor a text 'text'");
    }
}
