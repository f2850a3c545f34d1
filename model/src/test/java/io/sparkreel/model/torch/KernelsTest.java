// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class KernelsTest {
    private static final Tensors HOST = Tensors.onHost();

    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    @Test
    void valuesSurviveTheWayThere() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = HOST.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
            assertArrayEquals(new long[] {2, 3}, x.shape());
            assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, x.floats());
        }
    }

    @Test
    void scopesCloseWhatTheyOwn() {
        long before = Tensor.liveCount();
        try (TensorScope outer = TensorScope.open()) {
            Tensor kept;
            try (TensorScope inner = TensorScope.open()) {
                Tensor x = HOST.zeros(4);
                kept = inner.release(Kernels.instance().add(x, x));
            }
            assertEquals(before + 1, Tensor.liveCount());
            assertEquals(4, kept.elements());
        }
        assertEquals(before, Tensor.liveCount());
    }

    @Test
    void backwardTakesAnExplicitGradient() {
        Kernels kernels = Kernels.instance();
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = Autograd.leaf(HOST.of(new float[] {1, 2}, 2));
            Tensor weight = HOST.of(new float[] {3, 5}, 2);
            Tensor y = Autograd.withGradients(() -> kernels.weightedSum(List.of(x), List.of(weight)));
            Autograd.backward(y, HOST.of(new float[] {2}));
            assertArrayEquals(new float[] {6, 10}, Autograd.gradient(x).floats());
        }
    }

    @Test
    void aWrongShapeIsAnExceptionNotACrash() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor a = HOST.zeros(2, 3);
            Tensor b = HOST.zeros(4, 5);
            assertThrows(RuntimeException.class, () -> Kernels.instance().add(a, b));
        }
    }
}
