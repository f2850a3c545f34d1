// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.text;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The text of an HTML fragment, read leniently: tags, comments, declarations, scripts and style sheets are left out,
 * character references replaced, and whatever only looks like a tag is kept.
 */
final class HtmlText {

    private static final Pattern REFERENCE =
            Pattern.compile("&(?:(#[0-9]+|#[xX][0-9a-fA-F]+)|([a-zA-Z][a-zA-Z0-9]*));?");

    private static final List<String> HIDDEN = List.of("script", "style");

    private HtmlText() {}

    static String of(String html) {
        StringBuilder text = new StringBuilder();
        int position = 0;
        while (position < html.length()) {
            char character = html.charAt(position);
            int next = character == '<' ? endOfMarkup(html, position) : position;
            if (next > position) {
                position = next;
            } else if (character == '&') {
                position = appendReference(html, position, text);
            } else {
                text.append(character);
                position++;
            }
        }
        return text.toString();
    }

    /** Where markup that begins at a position ends; the position itself if none does. */
    private static int endOfMarkup(String html, int position) {
        int end;
        if (html.startsWith("<!--", position)) {
            end = after(html, "-->", position + 4);
        } else if (html.startsWith("</", position)
                || html.startsWith("<!", position)
                || html.startsWith("<?", position)) {
            end = after(html, ">", position + 2);
        } else if (position + 1 < html.length() && isLetter(html.charAt(position + 1))) {
            end = endOfElement(html, position);
        } else {
            end = -1;
        }
        return end < 0 ? position : end;
    }

    /** Where a start tag ends, with the content of elements whose content is no text; -1 if it does not end. */
    private static int endOfElement(String html, int position) {
        int end = endOfTag(html, position);
        for (String name : HIDDEN) {
            if (end >= 0
                    && html.regionMatches(true, position + 1, name, 0, name.length())
                    && !isLetter(html.charAt(position + 1 + name.length()))) {
                int close = html.toLowerCase(Locale.ROOT).indexOf("</" + name, end);
                return close < 0 ? html.length() : close;
            }
        }
        return end;
    }

    /** The position after the > of a tag, other than one in a quoted value; -1 if there is none. */
    private static int endOfTag(String html, int position) {
        boolean value = false; // just after an equals sign, where a quotation mark begins a quoted value
        int i = position;
        while (i >= 0 && i < html.length()) {
            char character = html.charAt(i);
            if (value && (character == '"' || character == '\'')) {
                i = after(html, String.valueOf(character), i + 1);
                value = false;
            } else if (character == '>') {
                return i + 1;
            } else {
                value = character == '=' || (value && Character.isWhitespace(character));
                i++;
            }
        }
        return -1;
    }

    private static int after(String html, String mark, int from) {
        int found = html.indexOf(mark, from);
        return found < 0 ? -1 : found + mark.length();
    }

    private static boolean isLetter(char character) {
        return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
    }

    private static int appendReference(String html, int position, StringBuilder text) {
        Matcher reference = REFERENCE.matcher(html).region(position, html.length());
        if (!reference.lookingAt()) {
            text.append('&');
            return position + 1;
        }
        if (reference.group(1) != null) {
            text.append(HtmlEntities.unescape("&" + reference.group(1) + ";"));
        } else {
            // A name that means nothing keeps its ampersand and loses its semicolon, as in the reference's parser.
            text.append(
                    Optional.ofNullable(HtmlEntities.named(reference.group(2))).orElse("&" + reference.group(2)));
        }
        return reference.end();
    }
}
