// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class CodecGeometryTest {
    private static final CodecGeometry ONE_TO_ONE = CodecGeometry.frameByFrame(4, 8);
    private static final CodecGeometry CAUSAL = CodecGeometry.causal(16, 8, 4);
    private static final CodecGeometry PIECES = new PieceGeometry(4, 8);

    static List<CodecGeometry> all() {
        return List.of(ONE_TO_ONE, CAUSAL, PIECES);
    }

    @ParameterizedTest
    @CsvSource({"1,1", "5,2", "9,3", "49,13", "81,21"})
    void causalCodecsKeepTheFirstFrame(int frames, int latentFrames) {
        assertEquals(latentFrames, CAUSAL.latentFrames(frames));
        assertEquals(frames, CAUSAL.frames(latentFrames));
    }

    /** The lengths of section 9.4 of the reference of Open-Sora 1.2, and partial pieces. */
    @ParameterizedTest
    @CsvSource({"1,1", "4,1", "5,2", "16,4", "17,5", "18,6", "34,10", "51,15", "102,30", "204,60", "408,120"})
    void piecesAreEncodedApart(int frames, int latentFrames) {
        assertEquals(latentFrames, PIECES.latentFrames(frames));
        assertTrue(PIECES.frames(latentFrames) >= frames);
        assertEquals(latentFrames, PIECES.latentFrames(PIECES.frames(latentFrames)));
    }

    @Test
    void otherLengthsAreRefusedWithTheNearest() {
        String message = assertThrows(InvalidInputException.class, () -> CAUSAL.latentFrames(16))
                .getMessage();
        assertTrue(message.contains("Cannot encode 16 frames") && message.contains("Take 17"), message);
        assertThrows(InvalidInputException.class, () -> CAUSAL.latentFrames(0));
    }

    @ParameterizedTest
    @CsvSource({"-3,1", "1,1", "2,1", "3,1", "4,5", "5,5", "14,13", "15,13", "16,17", "17,17", "18,17"})
    void theNearestLengthIsTheShorterOfTwo(int frames, int nearest) {
        assertEquals(nearest, CAUSAL.nearestFrames(frames));
    }

    @ParameterizedTest
    @MethodSource("all")
    void legalLengthsComeBackFromTheirLatents(CodecGeometry codec) {
        for (int frames = 1; frames <= 120; frames++) {
            int legal = codec.nearestFrames(frames);
            assertTrue(codec.isLegal(legal));
            assertEquals(codec.isLegal(frames), legal == frames);
            int within = codec.legalFramesWithin(frames);
            assertTrue(within <= frames && codec.isLegal(within));
            assertTrue(codec.frames(codec.latentFrames(legal)) >= legal);
        }
        assertFalse(codec.isLegal(0));
    }

    @Test
    void shapesLeaveOutWhatMakesNoWholeCell() {
        assertEquals(new LatentShape(16, 3, 4, 6), CAUSAL.latent(9, 39, 48));
        assertEquals(new LatentShape(4, 9, 4, 6), ONE_TO_ONE.latent(9, 39, 48));
        assertEquals(new LatentShape(4, 3, 4, 6), PIECES.latent(9, 39, 48));
        assertEquals(5, PIECES.pieceLatentFrames());
        assertEquals(1, ONE_TO_ONE.pieceLatentFrames());
        assertEquals(CodecGeometry.WHOLE_CLIP, CAUSAL.pieceLatentFrames());
    }
}
