// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.watch;

import io.sparkreel.jobs.config.train.TrainingConfig;
import io.sparkreel.model.metrics.PeakRate;
import io.sparkreel.model.torch.Precision;
import io.sparkreel.model.torch.Tensors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.TimeUnit;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/** How much the device of a rank can compute at most. */
public final class DevicePeak {
    private static final Logger LOG = LogManager.getLogger(DevicePeak.class);
    private static final List<String> NAMES = List.of("nvidia-smi", "--query-gpu=name", "--format=csv,noheader");
    private static final int LIMIT_S = 20;
    private static final double TERA = 1e12;

    private DevicePeak() {}

    /** Operations a second, if they are configured or the device is a GPU that is known. */
    public static OptionalDouble of(TrainingConfig config, Tensors tensors) {
        if (config.watch().peakTflops() != null) {
            return OptionalDouble.of(config.watch().peakTflops() * TERA);
        }
        if (tensors.isOnHost()) {
            return OptionalDouble.empty();
        }
        try {
            // The GPUs of a machine are of one kind, or their share of the peak would mean little.
            return gpuName()
                    .map(name -> PeakRate.of(name, config.dtype() == Precision.BF16))
                    .orElse(OptionalDouble.empty());
        } catch (IOException e) {
            LOG.info("The share of peak performance is not logged: {}. Set peak_tflops to have it.", e.getMessage());
            return OptionalDouble.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return OptionalDouble.empty();
        }
    }

    private static Optional<String> gpuName() throws IOException, InterruptedException {
        Process process = new ProcessBuilder(NAMES)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        process.getOutputStream().close();
        if (!process.waitFor(LIMIT_S, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IOException("nvidia-smi does not answer");
        }
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return output.lines().map(String::strip).filter(line -> !line.isEmpty()).findFirst();
    }
}
