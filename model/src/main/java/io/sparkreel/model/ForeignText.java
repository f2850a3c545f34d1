// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model;

import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Shows texts that anybody may have written, such as prompts, captions, names of files and columns, in logs and
 * messages. None can begin a line of its own, reach a terminal as a command, or turn the text around it. Addresses are
 * shown without the key or password that some of them hold.
 */
public final class ForeignText {
    private static final int LONGEST = 200;

    /**
     * What stands before the @ of an address: a user with a password, anything before that of a web address. The secret of
     * an S3 address may have slashes. The one part before the @ of an abfs address is a container and stays.
     */
    private static final Pattern CREDENTIALS = Pattern.compile(
            "(?i)(?<=://)[^/@:\\s]*:[^/@\\s]*@" + "|(?<=s3[an]?://)[^/@:\\s]+:[^@\\s]*@" + "|(?<=https?://)[^/@\\s]+@");

    private ForeignText() {}

    /** A text to be quoted: on one line, and cut where it is long. */
    public static String shown(String text) {
        if (text == null || text.codePointCount(0, text.length()) <= LONGEST) {
            return line(text);
        }
        return line(text.substring(0, text.offsetByCodePoints(0, LONGEST))) + "...";
    }

    /** A whole message that may quote such texts, on one line. */
    public static String line(String text) {
        if (text == null) {
            return "null";
        }
        StringBuilder shown = new StringBuilder(text.length());
        masked(text).chars().forEach(character -> {
            if (isControl(character)) {
                shown.append(String.format(Locale.ROOT, "\\u%04X", character));
            } else {
                shown.append((char) character);
            }
        });
        return shown.toString();
    }

    /** The text with {@code ***} for what addresses in it say of their user. */
    public static String masked(String text) {
        return CREDENTIALS.matcher(text).replaceAll("***@");
    }

    /** Whether a character moves the cursor, ends a line or changes the direction of the text after it. */
    public static boolean isControl(int character) {
        return character <= 0x1f
                || (character >= 0x7f && character <= 0x9f)
                || character == 0x2028
                || character == 0x2029
                || isDirectionMark(character);
    }

    /** Whether a character shows nothing itself and changes the direction of text. */
    public static boolean isDirectionMark(int character) {
        return character == 0x200e
                || character == 0x200f
                || (character >= 0x202a && character <= 0x202e)
                || (character >= 0x2066 && character <= 0x2069);
    }
}
