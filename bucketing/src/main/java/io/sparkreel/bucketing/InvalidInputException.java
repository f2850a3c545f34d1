// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing;

/**
 * Something the user gave cannot be used. The message reads "Cannot &lt;do X&gt;: &lt;what was
 * found&gt;. &lt;What to do&gt;." and is shown to the user as it stands.
 */
public final class InvalidInputException extends IllegalArgumentException {

    public InvalidInputException(String message) {
        super(message);
    }
}
