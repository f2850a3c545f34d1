// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class OneDnnTest {
    @Test
    void onlyAmdWithAvx512IsLimited() {
        assertTrue(OneDnn.isAffected(cpu("AuthenticAMD", "fpu avx2 avx512f avx512_bf16")));
        assertFalse(OneDnn.isAffected(cpu("AuthenticAMD", "fpu avx avx2 fma")));
        assertFalse(OneDnn.isAffected(cpu("GenuineIntel", "fpu avx2 avx512f avx512_bf16")));
        assertFalse(OneDnn.isAffected(List.of("CPU implementer\t: 0x41", "Features\t: fp asimd")));
        assertFalse(OneDnn.isAffected(List.of()));
    }

    @Test
    void convolutionsOfThisMachineAreRight() {
        Torch.start(1);
        try (TensorScope scope = TensorScope.open()) {
            assertEquals(0, Kernels.instance().selfTestConvolution(2, 24, 6, 10).floats()[0]);
        }
    }

    private static List<String> cpu(String vendor, String flags) {
        return List.of("processor\t: 0", "vendor_id\t: " + vendor, "flags\t\t: " + flags);
    }
}
