// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import io.sparkreel.jobs.config.CollectiveConfig;
import io.sparkreel.jobs.config.Precision;
import io.sparkreel.model.collective.Collective;
import io.sparkreel.model.collective.RingOptions;
import io.sparkreel.model.collective.SingleProcess;
import io.sparkreel.model.collective.TcpRing;
import io.sparkreel.model.collective.Transport;
import io.sparkreel.model.collective.WireType;
import java.time.Duration;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;

/** Joins a rank with the others of its attempt, as the configuration says. */
final class RankCollective {
    private static final String ENCRYPTION = "spark.network.crypto.enabled";

    private RankCollective() {}

    static Collective connect(RankTask task, BarrierTaskContext context) {
        if (context.getTaskInfos().length == 1) {
            return new SingleProcess();
        }
        String known = context.getTaskInfos()[context.partitionId()].address().replaceFirst(":\\d+$", "");
        SparkConf spark = SparkEnv.get().conf();
        return TcpRing.connect(options(task.config().collective(), known, spark.getBoolean(ENCRYPTION, false),
                task.secret(), task.attempt()), new BarrierRendezvous(context));
    }

    static RingOptions options(CollectiveConfig config, String known, boolean encrypted, byte[] secret, String attempt) {
        RingOptions options = RingOptions.of(RankAddress.find(config.bindAddress(), known), secret, attempt);
        Duration connect = options.connectTimeout();
        options = options.withWire(config.allReduceDtype() == Precision.BF16 ? WireType.BF16 : WireType.FP32)
                .withEncryption(encrypted).withTimeouts(Duration.ofSeconds(config.stallTimeoutS()), connect)
                .withTransport(switch (config.transport()) {
                    case AUTO, NCCL -> Transport.AUTO;
                    case TCP -> Transport.TCP;
                    case SHARED -> Transport.SHARED;
                });
        return config.portRange() == null ? options
                : options.withPorts(config.portRange().first(), config.portRange().last());
    }
}
