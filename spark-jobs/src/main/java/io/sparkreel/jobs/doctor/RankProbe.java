// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.doctor;

import io.sparkreel.jobs.config.Device;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.spark.BarrierStage;
import io.sparkreel.jobs.spark.TaskDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;

/** Looks about in an executor, in the task of a barrier stage such as training's. */
final class RankProbe implements BarrierStage.RankFunction<RankReport> {
    private static final long serialVersionUID = 1L;
    private static final String DEVICE = "device";

    private final DoctorOptions options;
    private final Broadcast<SerializableConfiguration> hadoop;

    RankProbe(DoctorOptions options, Broadcast<SerializableConfiguration> hadoop) {
        this.options = options;
        this.hadoop = hadoop;
    }

    @Override
    public RankReport run(BarrierTaskContext context) {
        context.barrier(); // all of them are here at once, or this fails
        List<String> gpus = TaskDevice.addresses();
        List<Finding> findings = new ArrayList<>();
        findings.add(SettingsCheck.jdk("jdk"));
        findings.add(SettingsCheck.spark("spark"));
        String device = natives(gpus, findings);
        findings.add(SettingsCheck.disk("disk", SparkEnv.get().conf(), options.minFreeGib()));
        Configuration configuration = hadoop.value().value();
        options.paths().forEach(path -> findings.add(PathCheck.run("path", configuration, path)));
        String host = context.getTaskInfos()[context.partitionId()].address().replaceFirst(":\\d+$", "");
        return new RankReport(context.partitionId(), host, SparkEnv.get().executorId(), gpus, device, findings);
    }

    /** Returns the device that training would take. */
    private String natives(List<String> gpus, List<Finding> findings) {
        boolean alone = SparkEnv.get().executorId().equals("driver");
        String visible = System.getenv("CUDA_VISIBLE_DEVICES");
        List<Integer> tried = new ArrayList<>();
        String device = null;
        try {
            if (options.device() != Device.CPU) {
                tried.add(gpus.isEmpty() ? 0 : TaskDevice.index(gpus.get(0), visible));
            }
            device = gpus.isEmpty() || options.device() == Device.CPU ? "cpu" : "cuda:" + tried.get(0);
        } catch (UserError e) {
            findings.add(new Finding(Finding.Verdict.FAIL, DEVICE, e.getMessage()));
        }
        Map<String, Finding> natives = NativesCheck.run(tried);
        NativesProbe.ALL.forEach(name -> findings.add(natives.get(name)));
        if (device != null) {
            try {
                device = TaskDevice.choose(options.device(), gpus, visible, alone, index -> problem(natives, index))
                        .device();
                findings.add(Finding.ok(
                        DEVICE, device + (gpus.isEmpty() || device.equals("cpu") ? "" : ", which computes")));
            } catch (UserError e) {
                findings.add(new Finding(Finding.Verdict.FAIL, DEVICE, e.getMessage()));
            }
        }
        return device;
    }

    private static Optional<String> problem(Map<String, Finding> natives, int index) {
        Finding finding = natives.get(NativesProbe.GPU + index);
        return finding.verdict() == Finding.Verdict.OK
                ? Optional.empty()
                : Optional.of(finding.text().replaceFirst("\\. Point spark\\..*", ""));
    }
}
