// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.family;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.sparkreel.golden.Golden;
import io.sparkreel.golden.GoldenData;
import io.sparkreel.model.golden.GoldenTensors;
import io.sparkreel.model.torch.Precision;
import io.sparkreel.model.torch.ScriptModule;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.TensorScope;
import io.sparkreel.model.torch.Tensors;
import io.sparkreel.model.torch.Torch;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Elementary functions inside the kernels against numbers produced by running the reference. */
@Golden
class KernelsGoldenTest {
    private static final double TOLERANCE = 2e-5;
    private static final Tensors HOST = Tensors.onHost();

    private static ScriptModule stdit2;
    private static ScriptModule iddpm;

    private static GoldenData golden;

    @BeforeAll
    static void start(GoldenData data) throws ClassNotFoundException {
        golden = data;
        Torch.start(1);
        stdit2 = load("family.stdit2.Stdit2Kernels", "stdit2.py");
        iddpm = load("process.iddpm.IddpmKernels", "iddpm.py");
    }

    /** The module behind a typed face that is not public. */
    private static ScriptModule load(String face, String source) throws ClassNotFoundException {
        return ScriptModule.load(Class.forName("io.sparkreel.model." + face), source, true);
    }

    private static Tensor column(GoldenTensors tensors, String name) {
        return HOST.of(tensors.values(name), tensors.values(name).length, 1);
    }

    /** A layer that returns what it is given. */
    private static List<Tensor> identity() {
        return List.of(HOST.of(new float[] {1}, 1, 1), HOST.zeros(1), HOST.of(new float[] {1}, 1, 1), HOST.zeros(1));
    }

    @Test
    void normsAndActivations() {
        GoldenTensors tensors = GoldenTensors.of(golden, "embeddings.safetensors");
        try (TensorScope scope = TensorScope.open()) {
            tensors.assertClose(
                    "rmsnorm.out",
                    stdit2.tensor("head_norm", tensors.tensor("rmsnorm.x"), tensors.tensor("rmsnorm.weight"))
                            .floats(),
                    TOLERANCE);
            Tensor x = column(tensors, "gelu_tanh.x");
            tensors.assertClose(
                    "gelu_tanh.out",
                    stdit2.tensor("caption_mlp", x, Precision.FP32.code(), identity())
                            .floats(),
                    TOLERANCE);
            tensors.assertClose(
                    "silu.out", stdit2.tensor("silu_mlp", x, identity()).floats(), TOLERANCE);
        }
    }

    @Test
    void discretisedLogLikelihood() {
        GoldenTensors tensors = GoldenTensors.of(golden, "iddpm.safetensors");
        assumeTrue(tensors.has("fn.dgll.out"));
        try (TensorScope scope = TensorScope.open()) {
            tensors.assertClose(
                    "fn.dgll.out",
                    iddpm.tensor(
                                    "discretised_log_likelihood",
                                    tensors.tensor("fn.dgll.x"),
                                    tensors.tensor("fn.dgll.means"),
                                    tensors.tensor("fn.dgll.log_scales"))
                            .floats(),
                    2e-4);
        }
    }
}
