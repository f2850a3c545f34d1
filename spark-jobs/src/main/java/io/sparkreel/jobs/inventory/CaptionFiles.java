// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inventory;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.jobs.storage.Names;
import io.sparkreel.jobs.storage.TextFile;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** Captions beside clips: {@code NAME.txt}, or {@code NAME.json} with {@code caption} or {@code text}. */
final class CaptionFiles {
    private static final int LONGEST = 1 << 20;
    private static final ObjectMapper JSON = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

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
        TextFile.Decoded text;
        try (InputStream in = Names.plain(path.getFileSystem(hadoop)).open(path)) {
            byte[] bytes = in.readNBytes(LONGEST + 1);
            if (bytes.length > LONGEST) {
                throw new BadCaption(uri + " is longer than " + LONGEST + " bytes");
            }
            text = TextFile.read(new ByteArrayInputStream(bytes));
        }
        if (text.problem() != null) {
            throw new BadCaption(uri + ": " + text.problem());
        }
        return uri.toLowerCase(Locale.ROOT).endsWith(".json")
                ? fromJson(uri, text.text())
                : text.text().strip();
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
