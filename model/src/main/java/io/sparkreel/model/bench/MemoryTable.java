// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.bench;

import io.sparkreel.model.BatchShape;
import io.sparkreel.model.CodecGeometry;
import io.sparkreel.model.command.CommandWords;
import io.sparkreel.model.command.Program;
import io.sparkreel.model.family.Cost;
import io.sparkreel.model.family.DenoiserConfig;
import io.sparkreel.model.family.Families;
import io.sparkreel.model.torch.Precision;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What of STDiT2-XL/2 fits which GPU, by the memory model that the planner uses: the largest batch of some buckets, by
 * the memory of the GPU, as a table in Markdown.
 */
public final class MemoryTable {
    private static final double GIB = 1L << 30;
    /** GPUs are sold by 10^9 bytes or by 2^30, and a driver keeps some: what a process gets of them is about this. */
    private static final List<Gpu> GPUS =
            List.of(new Gpu("24 GB", 23), new Gpu("40 GB", 39), new Gpu("80 GB", 79), new Gpu("141 GB", 139));

    private static final List<Bucket> BUCKETS = List.of(
            new Bucket("144p x 16", 16, 144, 256), new Bucket("240p x 16", 16, 240, 426),
            new Bucket("240p x 64", 64, 240, 426), new Bucket("480p x 16", 16, 480, 854),
            new Bucket("480p x 64", 64, 480, 854), new Bucket("720p x 16", 16, 720, 1280));
    /** CUDA's context, the workspaces of its libraries, and what the allocator cannot use. */
    private static final double RUNTIME_GIB = 2.5;
    /** SD's autoencoder in fp32, and what it takes for a micro-batch of 4 frames. */
    private static final double AUTOENCODER_GIB = 2;
    /** The encoder of T5 v1.1 XXL, 4.76 billion parameters in bf16 (shardformer: true). */
    private static final double TEXT_ENCODER_GIB = 4.762e9 * 2 / GIB;

    private static final CodecGeometry CODEC = CodecGeometry.frameByFrame(4, 8);
    private static final int TEXT_TOKENS = 200;
    private static final int MOST = 1 << 12;

    private MemoryTable() {}

    private record Gpu(String name, double gib) {}

    private record Bucket(String name, int frames, int height, int width) {
        BatchShape shape(int batch) {
            return new BatchShape(batch, CODEC.latent(frames, height, width), TEXT_TOKENS);
        }
    }

    /** Prints the table. */
    public static void main(String[] words) throws Exception {
        Program.run(() -> {
            CommandWords.readNone("print the table", words);
            print(System.out);
        });
    }

    static void print(PrintStream out) {
        DenoiserConfig model = Families.published("STDiT2-XL/2");
        List<String> head = new ArrayList<>(List.of("GPU", "T5 and VAE", "grad_checkpoint", "memory_gib"));
        BUCKETS.forEach(bucket -> head.add(bucket.name()));
        out.println("| " + String.join(" | ", head) + " |");
        out.println("|" + " --- |".repeat(head.size()));
        for (Gpu gpu : GPUS) {
            for (boolean beside : new boolean[] {true, false}) {
                for (boolean checkpoint : new boolean[] {true, false}) {
                    double budget = gpu.gib() - RUNTIME_GIB - (beside ? AUTOENCODER_GIB + TEXT_ENCODER_GIB : 0);
                    Cost memory = model.cost(Precision.BF16, checkpoint);
                    List<String> row = new ArrayList<>(List.of(
                            gpu.name(),
                            beside ? "on the GPU" : "encoded before",
                            Boolean.toString(checkpoint),
                            String.format(Locale.ROOT, "%.0f", Math.floor(budget))));
                    for (Bucket bucket : BUCKETS) {
                        int batch = largestBatch(memory, bucket, Math.floor(budget) * GIB);
                        row.add(batch == 0 ? "-" : Integer.toString(batch));
                    }
                    out.println("| " + String.join(" | ", row) + " |");
                }
            }
        }
        out.println();
        out.printf(
                Locale.ROOT,
                "Parameters, gradients, moments and EMA: %.1f GiB.%n",
                model.cost(Precision.BF16, true).state().bytes() / GIB);
    }

    /** 0 if not one clip fits. */
    private static int largestBatch(Cost memory, Bucket bucket, double bytes) {
        int batch = 0;
        while (batch < MOST && memory.peakBytes(bucket.shape(batch + 1)) <= bytes) {
            batch++;
        }
        return batch;
    }
}
