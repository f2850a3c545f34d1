// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.text;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Cleans a prompt the way the captions that Open-Sora was trained on were cleaned: without addresses, markup, file
 * names, article numbers and the phrases of shops, in lower case, with plain punctuation.
 */
public final class PromptCleaner {

    private static final String MEDIA = "(?:png|jpg|jpeg|bmp|webp|eps|pdf|apk|mp4)";
    private static final String SITE = "[a-zA-Z0-9.\\-]+[.](?:com|co|ru|net|org|edu|gov|it)[\\w/-]*\\b/?(?!@)";

    private record Rule(Pattern pattern, String replacement) {
        String apply(String text) {
            return pattern.matcher(text).replaceAll(replacement);
        }
    }

    /** Web addresses, which are removed before markup is. */
    private static final List<Rule> ADDRESSES = List.of(
            rule("<person>", "person"),
            rule("\\b(?:https?:(?:/{1,3}|[a-zA-Z0-9%])|" + SITE + ")", ""),
            rule("\\b(?:www:(?:/{1,3}|[a-zA-Z0-9%])|" + SITE + ")", ""));

    /** Signs, numbers and file names, in the text without markup. */
    private static final List<Rule> SIGNS = List.of(
            rule("@[\\w\\d]+\\b", ""), // nick names
            rule(
                    "[\\u31C0-\\u31EF\\u31F0-\\u31FF\\u3200-\\u33FF\\u3400-\\u4DBF\\u4DC0-\\u4DFF\\u4E00-\\u9FFF]+",
                    ""), // Chinese and Japanese signs
            rule(
                    "[\\u002D\\u058A\\u05BE\\u1400\\u1806\\u2010-\\u2015\\u2E17\\u2E1A\\u2E3A\\u2E3B\\u2E40\\u301C\\u3030"
                            + "\\u30A0\\uFE31\\uFE32\\uFE58\\uFE63\\uFF0D]+",
                    "-"), // all sorts of dashes
            rule("[`\\u00B4\\u00AB\\u00BB\\u201C\\u201D\\u00A8]", "\""),
            rule("[\\u2018\\u2019]", "'"),
            rule("&quot;?", ""),
            rule("&amp", ""),
            rule("\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}", " "), // network addresses
            rule("\\d:\\d\\d\\s+$", ""), // article numbers
            rule("\\\\n", " "),
            rule("#\\d{1,3}\\b", ""),
            rule("#\\d{5,}\\b", ""),
            rule("\\b\\d{6,}\\b", ""),
            rule("(?<!\\S)\\S+\\." + MEDIA, ""),
            rule("[\"']{2,}", "\""),
            rule("[.]{2,}", " "),
            rule(
                    "[#\\u00AE\\u2022\\u00A9\\u2122&@\\u00B7\\u00BA\\u00BD\\u00BE\\u00BF\\u00A1\\u00A7~)(\\]\\[}{|"
                            + "\\\\/*]+",
                    " "),
            rule("\\s+\\.\\s+", " "));

    /** Words and phrases, in the repaired text. */
    private static final List<Rule> WORDS = List.of(
            rule("\\b[a-zA-Z]{1,3}\\d{3,15}\\b", ""), // jc6640
            rule("\\b[a-zA-Z]+\\d+[a-zA-Z]+\\b", ""), // jc6640vc
            rule("\\b\\d+[a-zA-Z]+\\d+\\b", ""), // 6640vc231
            rule("(?:worldwide\\s+)?(?:free\\s+)?shipping", ""),
            rule("(?:free\\s)?download(?:\\sfree)?", ""),
            rule("\\bclick\\b\\s(?:for|on)\\s\\w+", ""),
            rule("\\b" + MEDIA + "(?:\\simages?)?", ""),
            rule("\\bpage\\s+\\d+\\b", ""),
            rule("\\b\\d*[a-zA-Z]+\\d+[a-zA-Z]+\\d+[a-zA-Z\\d]*\\b", " "),
            rule(
                    "\\b\\d+\\.?\\d*[x\\u0445\\u00D7]\\d+\\.?\\d*\\b",
                    ""), // 12x34, with the Cyrillic letter or the sign too
            rule("\\b\\s+:\\s+", ": "),
            rule("(\\D[,./])\\b", "$1 "),
            rule("\\s+", " "));

    /** Quotation marks and stray punctuation at the two ends. */
    private static final List<Rule> ENDS = List.of(
            rule("^[\"']([\\w\\W]+)[\"']$", "$1"),
            rule("^['_,\\-:;]", ""),
            rule("['_,\\-:+]$", ""),
            rule("^\\.\\S+$", ""));

    private static final Pattern JOINT = Pattern.compile("[-_]");
    private static final int MAX_JOINTS = 3;

    private PromptCleaner() {}

    /** The cleaned text: two passes over it, because one uncovers what the next removes. */
    public static String clean(String text) {
        return cleanOnce(cleanOnce(text));
    }

    private static String cleanOnce(String text) {
        String result = decodeAddress(text).strip().toLowerCase(Locale.ROOT);
        result = apply(ADDRESSES, result);
        result = HtmlText.of(result);
        result = apply(SIGNS, result);
        if (JOINT.matcher(result).results().count() > MAX_JOINTS) { // a-title-made-into-a-name
            result = JOINT.matcher(result).replaceAll(" ");
        }
        result = TextRepair.repair(result);
        result = HtmlEntities.unescape(HtmlEntities.unescape(result)).strip();
        return apply(ENDS, apply(WORDS, result)).strip();
    }

    private static String apply(List<Rule> rules, String text) {
        String result = text;
        for (Rule rule : rules) {
            result = rule.apply(result);
        }
        return result;
    }

    /** Plus signs become blanks and percent escapes the UTF-8 bytes they stand for; what is no escape stays. */
    private static String decodeAddress(String text) {
        StringBuilder result = new StringBuilder();
        ByteArrayOutputStream escaped = new ByteArrayOutputStream();
        String blanks = text.replace('+', ' ');
        int position = 0;
        while (position < blanks.length()) {
            if (isEscape(blanks, position)) {
                escaped.write(Integer.parseInt(blanks.substring(position + 1, position + 3), 16));
                position += 3;
            } else {
                result.append(escaped.toString(StandardCharsets.UTF_8)).append(blanks.charAt(position));
                escaped.reset();
                position++;
            }
        }
        return result.append(escaped.toString(StandardCharsets.UTF_8)).toString();
    }

    private static boolean isEscape(String text, int position) {
        return text.charAt(position) == '%'
                && position + 2 < text.length()
                && isHexadecimal(text.charAt(position + 1))
                && isHexadecimal(text.charAt(position + 2));
    }

    private static boolean isHexadecimal(char character) {
        return "0123456789abcdefABCDEF".indexOf(character) >= 0;
    }

    private static Rule rule(String pattern, String replacement) {
        return new Rule(Pattern.compile(pattern, Pattern.UNICODE_CHARACTER_CLASS | Pattern.UNIX_LINES), replacement);
    }
}
