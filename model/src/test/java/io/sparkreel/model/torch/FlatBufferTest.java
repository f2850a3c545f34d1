// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.FloatBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FlatBufferTest {

    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    /** What NCCL is given for a GPU's memory is asked of libtorch in the same way. */
    @Test
    void theAddressIsThatOfTheFirstElement() {
        try (FlatBuffer buffer = new FlatBuffer(Tensors.onHost(), 6)) {
            buffer.write(0, FloatBuffer.wrap(new float[] {1, 2, 3, 4, 5, 6}));
            Pointer address = new Pointer(buffer.deviceAddress());
            assertEquals(Native.getDirectBufferPointer(buffer.hostBytes(0, 6)), address);
            assertArrayEquals(new float[] {3, 4}, address.getFloatArray(2 * Float.BYTES, 2));
            address.setFloat(5 * Float.BYTES, 9);
            float[] last = new float[1];
            buffer.read(5, FloatBuffer.wrap(last));
            assertEquals(9, last[0]);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 1000, 5000, 3_000_001})
    void clearsAllOfWhatItGivesBack(int count) {
        try (FlatBuffer buffer = new FlatBuffer(Tensors.onHost(), count)) {
            float[] values = new float[count];
            for (int round = 0; round < 2; round++) {
                Arrays.fill(values, 3);
                buffer.write(0, FloatBuffer.wrap(values));
                buffer.clearAndGiveBack();
                buffer.read(0, FloatBuffer.wrap(values));
                assertArrayEquals(new float[count], values);
            }
        }
    }
}
