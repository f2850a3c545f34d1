// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.family.stdit2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.sparkreel.model.torch.Autograd;
import io.sparkreel.model.torch.Precision;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.TensorScope;
import io.sparkreel.model.torch.Tensors;
import io.sparkreel.model.torch.Torch;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** What one thread does must not change how the kernels of others compute. */
class ThreadsTest {
    private static final Tensors HOST = Tensors.onHost();

    /** An MLP in a precision, and back: the gradient of the last weight. */
    private static float[] gradient(Precision precision) {
        try (TensorScope scope = TensorScope.open()) {
            List<Tensor> weights = List.of(leaf(8, 4), leaf(8), leaf(4, 8), leaf(4));
            Tensor x = Autograd.leaf(HOST.zeros(precision, 1, 2, 3, 4));
            Tensor row = HOST.of(new float[] {1, -2, 3, 4}, 1, 1, 1, 4);
            Tensor out = Autograd.withGradients(() -> Stdit2Kernels.instance().gatedMlp(x, row, row, row, weights));
            Autograd.backward(out, HOST.zeros(precision, 1, 2, 3, 4));
            return Autograd.gradient(weights.get(2)).floats();
        }
    }

    private static Tensor leaf(long... shape) {
        return Autograd.leaf(HOST.zeros(shape));
    }

    @Test
    void aThreadThatWasNotSetUpLeavesTheOthersAlone() throws InterruptedException {
        Torch.start(1);
        float[] expected = gradient(Precision.BF16);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread thread = new Thread(() -> {
            for (int i = 0; i < 4; i++) {
                gradient(Precision.FP32);
            }
        });
        thread.setUncaughtExceptionHandler((source, e) -> failure.set(e));
        thread.start();
        thread.join();
        assertNull(failure.get());
        assertArrayEquals(expected, gradient(Precision.BF16));
    }
}
