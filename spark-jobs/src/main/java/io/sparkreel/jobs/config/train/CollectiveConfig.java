// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.train;

import io.sparkreel.model.settings.Check;
import io.sparkreel.model.settings.Choice;
import io.sparkreel.model.settings.Default;
import io.sparkreel.model.settings.Section;
import io.sparkreel.model.torch.Precision;

/**
 * How ranks talk to each other. With {@code spark.network.crypto.enabled} all of it is encrypted.
 *
 * @param transport how gradients travel
 * @param allReduceDtype wire format of gradients; they are added in fp32 either way
 * @param bindAddress where ranks listen: an address, a network such as 10.1.0.0/16 or the name of an interface, which each
 *     host may have an address of its own in; null: the address by which Spark knows the executor
 * @param portRange ports on which they listen, one for each rank of a host; null: any free one
 * @param stallTimeoutS seconds after which a rank that shows no progress is given up, and the attempt with it
 */
public record CollectiveConfig(
        @Default("auto") CollectiveTransport transport,
        @Default("fp32") Precision allReduceDtype,
        @Default("null") String bindAddress,
        @Default("null") PortRange portRange,
        @Default("30") int stallTimeoutS)
        implements Section {
    private static final int LONGEST_STALL_S = 86_400;

    public CollectiveConfig {
        Check.notBlank("bind_address", bindAddress);
        Check.that(
                stallTimeoutS >= 1 && stallTimeoutS <= LONGEST_STALL_S,
                "stall_timeout_s",
                stallTimeoutS,
                "a whole number of 1 to " + LONGEST_STALL_S);
        Check.that(
                transport != CollectiveTransport.NCCL || allReduceDtype == Precision.FP32,
                "all_reduce_dtype",
                Choice.word(allReduceDtype),
                "fp32: NCCL adds up in the type that travels");
    }
}
