// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import io.sparkreel.jobs.config.train.CollectiveConfig;
import io.sparkreel.jobs.config.train.CollectiveTransport;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.model.collective.Collective;
import io.sparkreel.model.collective.SingleProcess;
import io.sparkreel.model.collective.nccl.Nccl;
import io.sparkreel.model.collective.ring.RingOptions;
import io.sparkreel.model.collective.ring.TcpRing;
import io.sparkreel.model.collective.ring.Transport;
import io.sparkreel.model.collective.ring.WireType;
import io.sparkreel.model.settings.Choice;
import io.sparkreel.model.torch.Precision;
import io.sparkreel.model.torch.Tensors;
import java.time.Duration;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.SparkEnv;

/** Joins a rank with the others of its attempt, as the configuration says. */
final class RankCollective {
    private static final String ENCRYPTION = "spark.network.crypto.enabled";

    private RankCollective() {}

    /** @param tensors where this rank computes */
    static Collective connect(RankTask task, BarrierTaskContext context, Tensors tensors) {
        if (context.getTaskInfos().length == 1) {
            return new SingleProcess();
        }
        CollectiveConfig config = task.config().collective();
        boolean onGpu = joinsGpus(config, tensors);
        String known = context.getTaskInfos()[context.partitionId()].address().replaceFirst(":\\d+$", "");
        RingOptions options = options(
                config, known, SparkEnv.get().conf().getBoolean(ENCRYPTION, false), task.secret(), task.attempt());
        TcpRing ring = TcpRing.connect(options, new BarrierRendezvous(context));
        return onGpu ? Nccl.over(ring, tensors.gpu(), options.stallTimeout()) : ring;
    }

    /** Whether gradients travel between GPUs, which they do where they lie on such. */
    static boolean joinsGpus(CollectiveConfig config, Tensors tensors) {
        String device = tensors.device();
        if (tensors.isOnHost()) {
            if (config.transport() == CollectiveTransport.NCCL) {
                throw new UserError(
                        "Cannot use transport nccl: this rank computes on the CPU. Set transport: auto, or give"
                                + " executors GPUs by --properties-file conf/spark/gpu.conf.");
            }
            return false;
        }
        if (config.transport() == CollectiveTransport.TCP || config.transport() == CollectiveTransport.SHARED) {
            throw new UserError("Cannot use transport " + Choice.word(config.transport()) + ": this rank computes on "
                    + device + ". Set transport: auto, which takes NCCL between GPUs, or give --device cpu.");
        }
        if (config.allReduceDtype() == Precision.BF16) {
            throw new UserError("Cannot reduce as all_reduce_dtype bf16: this rank computes on " + device
                    + ", and NCCL adds up in the type that travels. Set all_reduce_dtype: fp32.");
        }
        return true;
    }

    static RingOptions options(
            CollectiveConfig config, String known, boolean encrypted, byte[] secret, String attempt) {
        RingOptions.Builder options = RingOptions.builder(
                        RankAddress.find(config.bindAddress(), known), secret, attempt)
                .wire(config.allReduceDtype() == Precision.BF16 ? WireType.BF16 : WireType.FP32)
                .encrypted(encrypted)
                .stallTimeout(Duration.ofSeconds(config.stallTimeoutS()))
                .transport(
                        switch (config.transport()) {
                            case AUTO, NCCL -> Transport.AUTO;
                            case TCP -> Transport.TCP;
                            case SHARED -> Transport.SHARED;
                        });
        if (config.portRange() != null) {
            options.ports(config.portRange().first(), config.portRange().last());
        }
        return options.build();
    }
}
