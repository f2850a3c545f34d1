// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.text;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Repairs text that went through the wrong hands: UTF-8 once read as windows-1252 ("mojibake"), escapes, typographic
 * variants of plain characters, control characters, and characters in decomposed form.
 */
final class TextRepair {

    private static final int MAX_TIMES_MISREAD = 3;

    // The bytes 0x80 to 0xBF as windows-1252, or as ISO 8859-1 where that has no character, show them.
    private static final String CONTINUATION = "[\\u0080-\\u00BF\u20AC\u201A\u0192\u201E\u2026\u2020\u2021\u02C6\u2030"
            + "\u0160\u2039\u0152\u017D\u2018\u2019\u201C\u201D\u2022\u2013\u2014\u02DC\u2122\u0161\u203A\u0153\u017E"
            + "\u0178]";

    // Only the first bytes that misread text is full of: of Latin letters and signs (C2, C3), of punctuation and
    // symbols (E2) and of emoji (F0 9F). Others also occur in sound text, before a quotation mark or dots.
    private static final Pattern MISREAD = Pattern.compile(
            "[\u00C2\u00C3]" + CONTINUATION + "|\u00E2" + CONTINUATION + "{2}|\u00F0\u0178" + CONTINUATION + "{2}");

    private static final Pattern TERMINAL_ESCAPE = Pattern.compile("\u001B\\[[\\d;]*[a-zA-Z]");
    private static final Pattern C1_CONTROL = Pattern.compile("[\\u0080-\\u009F]");
    private static final Pattern COMPATIBILITY = Pattern.compile(
            "[\uFB00-\uFB06\u0132\u0133\u0149\u01C4-\u01CC\u01F1-\u01F3\u3000\uFF01-\uFFEF]"); // ligatures, full width
    private static final Pattern SINGLE_QUOTES = Pattern.compile("[\u02BC\u2018-\u201B]");
    private static final Pattern DOUBLE_QUOTES = Pattern.compile("[\u201C-\u201F]");
    private static final Pattern LINE_BREAK = Pattern.compile("\r\n|[\r\u2028\u2029\u0085]");
    private static final Pattern CONTROL =
            Pattern.compile("[\\u0000-\\u0008\u000B\u000E-\u001F\u007F\u206A-\u206F\uFEFF\uFFF9-\uFFFC]");

    private TextRepair() {}

    static String repair(String text) {
        String result = text.indexOf('<') < 0 ? HtmlEntities.unescape(text) : text;
        result = TERMINAL_ESCAPE.matcher(result).replaceAll("");
        result = undoMisreading(result);
        result = LINE_BREAK.matcher(result).replaceAll("\n");
        result = C1_CONTROL
                .matcher(result)
                .replaceAll(match -> Matcher.quoteReplacement(
                        String.valueOf(HtmlEntities.windows1252(match.group().charAt(0)))));
        result = COMPATIBILITY
                .matcher(result)
                .replaceAll(
                        match -> Matcher.quoteReplacement(Normalizer.normalize(match.group(), Normalizer.Form.NFKC)));
        result = SINGLE_QUOTES.matcher(result).replaceAll("'");
        result = DOUBLE_QUOTES.matcher(result).replaceAll("\"");
        result = CONTROL.matcher(result).replaceAll("");
        return Normalizer.normalize(result, Normalizer.Form.NFC);
    }

    private static String undoMisreading(String text) {
        String result = text;
        for (int time = 0; time < MAX_TIMES_MISREAD; time++) {
            String before = result;
            result = MISREAD.matcher(before).replaceAll(match -> Matcher.quoteReplacement(reread(match.group())));
            if (result.equals(before)) {
                break;
            }
        }
        return result;
    }

    /** The character whose UTF-8 bytes these characters show; the characters themselves if they show none. */
    private static String reread(String characters) {
        byte[] bytes = new byte[characters.length()];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) windows1252Byte(characters.charAt(i));
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            return characters;
        }
    }

    private static int windows1252Byte(char character) {
        for (int code = 0x80; code <= 0x9F; code++) {
            if (HtmlEntities.windows1252(code) == character) {
                return code;
            }
        }
        return character;
    }
}
