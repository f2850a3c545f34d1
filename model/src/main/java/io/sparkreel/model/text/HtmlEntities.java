// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.text;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jsoup.parser.Parser;

/**
 * Character references of HTML, replaced by their characters as the HTML standard, section 13.2.5, lays down. Names are
 * jsoup's. Numbers that stand for no character are dropped, as Python's {@code html.unescape} does and jsoup does not.
 */
final class HtmlEntities {

    private static final Pattern REFERENCE =
            Pattern.compile("&(?:#([0-9]+);?|#[xX]([0-9a-fA-F]+);?|([^\\t\\n\\f <&#;]{1,32};?))");

    // What numbers from 0x80 to 0x9F stand for in practice, and what the standard prescribes: windows-1252.
    private static final String WINDOWS_1252 = "\u20AC\u0081\u201A\u0192\u201E\u2026\u2020\u2021"
            + "\u02C6\u2030\u0160\u2039"
            + "\u0152\u008D\u017D\u008F\u0090\u2018\u2019\u201C\u201D\u2022\u2013\u2014\u02DC\u2122\u0161\u203A\u0153\u009D"
            + "\u017E\u0178";

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
        String reference = "&" + name + ";";
        String characters = Parser.unescapeEntities(reference, false);
        return characters.equals(reference) ? null : characters;
    }

    /** The character of one of the 32 numbers that ISO 8859-1 leaves to control characters, in windows-1252. */
    static char windows1252(int code) {
        return WINDOWS_1252.charAt(code - 0x80);
    }

    private static String replacement(String all, String decimal, String hexadecimal, String name) {
        return name == null
                ? character(decimal != null ? decimal : hexadecimal, decimal != null ? 10 : 16)
                : Parser.unescapeEntities(all, false);
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
}
