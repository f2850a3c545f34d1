// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.plan;

import io.sparkreel.bucketing.bucket.Bucket;
import io.sparkreel.bucketing.plan.CostModel;
import io.sparkreel.model.BatchShape;
import io.sparkreel.model.CodecGeometry;
import io.sparkreel.model.family.stdit2.Stdit2Config;
import io.sparkreel.model.family.stdit2.Stdit2Flops;
import io.sparkreel.model.family.stdit2.Stdit2Memory;
import java.util.List;

/** The formulas of an STDiT2 for the clips of buckets. */
public final class Stdit2Cost implements CostModel.Formulas {
    private final Stdit2Config model;
    private final CodecGeometry codec;
    private final Stdit2Flops flops;
    private final Stdit2Memory memory;

    /**
     * @param codec makes latents of the clips
     * @param computeBytes of a value in the blocks: 4 for fp32, 2 for bf16
     * @param checkpoint whether blocks are computed again in the backward pass
     */
    public Stdit2Cost(Stdit2Config model, CodecGeometry codec, int computeBytes, boolean checkpoint) {
        this.model = model;
        this.codec = codec;
        flops = new Stdit2Flops(model);
        memory = new Stdit2Memory(model, computeBytes, checkpoint);
    }

    /** Those of the model that was published with Open-Sora's buckets, in bf16 and with recomputed blocks. */
    public static Stdit2Cost published() {
        int[] preset = Stdit2Config.preset("STDiT2-XL/2");
        Stdit2Config model = new Stdit2Config(
                512, 4, List.of(1, 2, 2), preset[1], preset[0], preset[2], 4, 0.1, true, 4096, 200, true);
        return new Stdit2Cost(model, CodecGeometry.frameByFrame(4, 8), 2, true);
    }

    private BatchShape shape(Bucket bucket, int batch) {
        return new BatchShape(
                batch, codec.latent(bucket.frames(), bucket.height(), bucket.width()), model.modelMaxLength());
    }

    @Override
    public double flops(Bucket bucket) {
        return flops.trainingStep(shape(bucket, 1));
    }

    @Override
    public long tokens(Bucket bucket) {
        return flops.tokens(shape(bucket, 1));
    }

    @Override
    public double peakBytes(Bucket bucket, int batch) {
        return memory.peakBytes(shape(bucket, batch));
    }
}
