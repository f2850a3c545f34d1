// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.process.iddpm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkreel.golden.Golden;
import io.sparkreel.golden.GoldenData;
import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.KeyedRandom.Purpose;
import io.sparkreel.model.golden.GoldenTensors;
import io.sparkreel.model.torch.TensorScope;
import io.sparkreel.model.torch.Tensors;
import io.sparkreel.model.torch.Torch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The distribution of timesteps and the weights of iddpm-speed against the reference's. */
@Golden
class IddpmSpeedGoldenTest {
    private final NoiseSchedule schedule = NoiseSchedule.linear("");
    private final IddpmSpeed speed = new IddpmSpeed(schedule);
    private GoldenData golden;
    private GoldenTensors tensors;

    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    @BeforeEach
    void load(GoldenData data) {
        golden = data;
        tensors = GoldenTensors.of(golden, "iddpm.safetensors");
        assumeTrue(tensors.has("speed.p"));
    }

    @Test
    void probabilitiesAndWeights() {
        for (int i = 0; i < schedule.steps(); i++) {
            assertEquals(
                    tensors.values("speed.p")[i],
                    speed.probability(i),
                    1e-5 * tensors.values("speed.p")[i],
                    "step " + i);
            assertEquals(
                    tensors.values("speed.weights")[i], speed.errorWeight(i), 1e-5 * speed.errorWeight(i), "step " + i);
        }
    }

    @Test
    void dualSteps() {
        JsonNode dual = golden.json("iddpm.json").get("speed").get("dual_t");
        assertFalse(dual.isEmpty());
        dual.properties()
                .forEach(entry -> assertEquals(entry.getValue().asInt(), speed.dual(Integer.parseInt(entry.getKey()))));
    }

    @Test
    void weightedLoss() {
        try (TensorScope scope = TensorScope.open()) {
            float[] t = tensors.values("loss.in.t");
            int[] steps = new int[t.length];
            for (int i = 0; i < steps.length; i++) {
                steps[i] = (int) t[i];
            }
            DiffusionLoss loss = new DiffusionLoss(schedule, false, 1, speed::errorWeight, Tensors.onHost());
            DiffusionLoss.Terms terms = loss.terms(
                    tensors.tensor("loss.in.model_output"),
                    loss.noise(tensors.tensor("loss.in.x_start"), tensors.tensor("loss.in.noise"), steps, null));
            tensors.assertClose("loss.speed.mse", terms.squaredError().floats(), 2e-4);
            tensors.assertClose("loss.speed.vb", terms.variationalBound().floats(), 2e-4);
            tensors.assertClose("loss.speed.loss", terms.total().floats(), 2e-4);
        }
    }

    /** Draws follow half of the recorded distribution and half of it moved to the dual steps: chi-squared, 20 bins. */
    @Test
    void drawsFollowTheDistribution() {
        int bins = 20;
        int draws = 40_000;
        double[] expected = new double[bins];
        for (int i = 0; i < schedule.steps(); i++) {
            expected[i * bins / schedule.steps()] += 0.5 * draws * tensors.values("speed.p")[i];
            expected[speed.dual(i) * bins / schedule.steps()] += 0.5 * draws * tensors.values("speed.p")[i];
        }
        int[] found = new int[bins];
        for (int clip = 0; clip < draws; clip++) {
            found[speed.drawStep(KeyedRandom.of(7, 0, clip, Purpose.TIMESTEP)) * bins / schedule.steps()]++;
        }
        double chiSquared = 0;
        for (int bin = 0; bin < bins; bin++) {
            chiSquared += Math.pow(found[bin] - expected[bin], 2) / expected[bin];
        }
        assertEquals(19, chiSquared, 25, "of 19 degrees of freedom");
    }
}
