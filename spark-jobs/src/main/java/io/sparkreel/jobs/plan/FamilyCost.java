// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.plan;

import io.sparkreel.bucketing.bucket.Bucket;
import io.sparkreel.bucketing.plan.CostModel;
import io.sparkreel.model.BatchShape;
import io.sparkreel.model.CodecGeometry;
import io.sparkreel.model.family.Cost;
import io.sparkreel.model.family.DenoiserConfig;
import io.sparkreel.model.family.Families;
import io.sparkreel.model.torch.Precision;

/** The costs of a model for the clips of buckets. */
public final class FamilyCost implements CostModel.Formulas {
    private final Cost cost;
    private final CodecGeometry codec;
    private final int textTokens;

    /**
     * @param cost of the model
     * @param codec makes latents of the clips
     * @param textTokens slots of a caption
     */
    public FamilyCost(Cost cost, CodecGeometry codec, int textTokens) {
        this.cost = cost;
        this.codec = codec;
        this.textTokens = textTokens;
    }

    /** Those of the model that was published with Open-Sora's buckets, in bf16 and with recomputed blocks. */
    public static FamilyCost published() {
        DenoiserConfig model = Families.published("STDiT2-XL/2");
        return new FamilyCost(
                model.cost(Precision.BF16, true),
                CodecGeometry.frameByFrame(model.inChannels(), 8),
                model.modelMaxLength());
    }

    private BatchShape shape(Bucket bucket, int batch) {
        return new BatchShape(batch, codec.latent(bucket.frames(), bucket.height(), bucket.width()), textTokens);
    }

    @Override
    public double flops(Bucket bucket) {
        return cost.trainingStep(shape(bucket, 1));
    }

    @Override
    public long tokens(Bucket bucket) {
        return cost.tokens(shape(bucket, 1));
    }

    @Override
    public double peakBytes(Bucket bucket, int batch) {
        return cost.peakBytes(shape(bucket, batch));
    }
}
