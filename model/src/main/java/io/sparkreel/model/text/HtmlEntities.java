// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.text;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Character references of HTML, replaced by their characters as the HTML standard, section 13.2.5, lays down. */
final class HtmlEntities {

    private static final Pattern REFERENCE =
            Pattern.compile("&(?:#([0-9]+);?|#[xX]([0-9a-fA-F]+);?|([^\\t\\n\\f <&#;]{1,32};?))");

    // What numbers from 0x80 to 0x9F stand for in practice, and what the standard prescribes: windows-1252.
    private static final String WINDOWS_1252 = "\u20AC\u0081\u201A\u0192\u201E\u2026\u2020\u2021"
            + "\u02C6\u2030\u0160\u2039"
            + "\u0152\u008D\u017D\u008F\u0090\u2018\u2019\u201C\u201D\u2022\u2013\u2014\u02DC\u2122\u0161\u203A\u0153\u009D"
            + "\u017E\u0178";

    /** Names with their semicolon, and those also known without; a name and its code points a line. */
    private static final Map<String, String> NAMES = load("html-entities.txt");

    private HtmlEntities() {}

    /** Replaces every reference once; what is none stays as it is. */
    static String unescape(String text) {
        return text.indexOf('&') < 0
                ? text
                : REFERENCE
                        .matcher(text)
                        .replaceAll(match -> Matcher.quoteReplacement(
                                replacement(match.group(), match.group(1), match.group(2), match.group(3))));
    }

    /** The characters a name without semicolon stands for; null if it stands for none. */
    static String named(String name) {
        return NAMES.get(name + ";");
    }

    /** The character of one of the 32 numbers that ISO 8859-1 leaves to control characters, in windows-1252. */
    static char windows1252(int code) {
        return WINDOWS_1252.charAt(code - 0x80);
    }

    private static String replacement(String all, String decimal, String hexadecimal, String name) {
        if (name == null) {
            return character(decimal != null ? decimal : hexadecimal, decimal != null ? 10 : 16);
        }
        for (int length = name.length(); length > 1; length--) { // the longest name that begins here
            String characters = NAMES.get(name.substring(0, length));
            if (characters != null) {
                return characters + name.substring(length);
            }
        }
        return all;
    }

    private static String character(String digits, int radix) {
        int code;
        try {
            code = Integer.parseInt(digits, radix);
        } catch (NumberFormatException e) {
            return "\uFFFD";
        }
        if (code == 0 || code > Character.MAX_CODE_POINT || (code >= 0xD800 && code <= 0xDFFF)) {
            return "\uFFFD";
        }
        if (code >= 0x80 && code <= 0x9F) {
            return String.valueOf(windows1252(code));
        }
        boolean control = (code < 0x20 && "\t\n\f\r".indexOf(code) < 0) || code == 0x7F;
        boolean noCharacter = (code >= 0xFDD0 && code <= 0xFDEF) || (code & 0xFFFE) == 0xFFFE;
        return control || noCharacter ? "" : Character.toString(code);
    }

    private static Map<String, String> load(String resource) {
        Map<String, String> names = new HashMap<>();
        try (BufferedReader reader = new BufferedReader(
                new InputStreamReader(HtmlEntities.class.getResourceAsStream(resource), StandardCharsets.US_ASCII))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                String[] parts = line.split(" ");
                StringBuilder characters = new StringBuilder();
                for (int i = 1; i < parts.length; i++) {
                    characters.appendCodePoint(Integer.parseInt(parts[i], 16));
                }
                names.put(parts[0], characters.toString());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return names;
    }
}
