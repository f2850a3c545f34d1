// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.sparkreel.model.LatentShape;
import io.sparkreel.model.collective.Collective;
import io.sparkreel.model.collective.FlatRange;
import io.sparkreel.model.collective.Rendezvous;
import io.sparkreel.model.collective.SingleProcess;
import io.sparkreel.model.collective.Work;
import io.sparkreel.model.collective.ring.TcpRing;
import io.sparkreel.model.denoiser.ParameterLayout;
import io.sparkreel.model.metrics.StepMetrics.Phase;
import io.sparkreel.model.torch.FlatBuffer;
import io.sparkreel.model.torch.Tensors;
import io.sparkreel.model.torch.Torch;
import io.sparkreel.model.train.MicroBatch;
import io.sparkreel.model.train.ModelWeights;
import io.sparkreel.model.train.Trainer;
import io.sparkreel.model.train.TrainerOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.List;

/** A rank of {@link ScalingBenchmark}, in a process of its own: reads commands from lines and prints how long each took. */
final class ScalingRank {
    /** Take some steps. */
    static final String STEPS = "steps";
    /** Reduce all gradients, with nothing else to do. */
    static final String REDUCTIONS = "reductions";

    private static final int REDUCTION_ROUNDS = 15;
    private static final int WARM_UP_STEPS = 2;
    private static final double NANOSECONDS = 1e9;
    private static final long SEED = 42;

    private final ScalingOptions arguments;
    private final Collective collective;
    private final Trainer trainer;
    private final FlatBuffer spare;
    private final ParameterLayout layout;
    private final List<MicroBatch> mine = new ArrayList<>();
    private long done;

    private ScalingRank(
            ScalingOptions arguments,
            Collective collective,
            Trainer trainer,
            FlatBuffer spare,
            ParameterLayout layout) {
        this.arguments = arguments;
        this.collective = collective;
        this.trainer = trainer;
        this.spare = spare;
        this.layout = layout;
        for (int i = 0; i < arguments.microBatches(); i++) {
            mine.add(microBatch(collective.rank() * arguments.microBatches() + i));
        }
    }

    public static void main(String[] words) throws IOException {
        ScalingOptions arguments = ScalingOptions.parse(words);
        Torch.start(arguments.threads());
        Tensors tensors = Tensors.onHost();
        Rendezvous rendezvous = RankProcesses.rendezvous();
        try (Collective collective = connect(arguments, rendezvous);
                ModelWeights weights = new ModelWeights(arguments.config(), tensors)) {
            weights.initialise(SEED);
            TrainerOptions options = TrainerOptions.of(BenchmarkModel.process(arguments.config()), SEED);
            ParameterLayout layout = weights.parameters().layout();
            try (Trainer trainer = new Trainer(options, weights, tensors, collective);
                    FlatBuffer spare = new FlatBuffer(tensors, layout.elements())) {
                new ScalingRank(arguments, collective, trainer, spare, layout).obey();
            }
        }
    }

    private static Collective connect(ScalingOptions arguments, Rendezvous rendezvous) {
        if (rendezvous.worldSize() == 1) {
            rendezvous.allGather("alone");
            return new SingleProcess();
        }
        return TcpRing.connect(arguments.ringOptions(), rendezvous);
    }

    private MicroBatch microBatch(int number) {
        LatentShape shape = arguments.shape().latent();
        int batch = arguments.shape().clips();
        return new RandomClips(SEED, arguments.shape().textTokens(), BenchmarkModel.TEXT_WIDTH)
                .microBatch(
                        "all",
                        shape,
                        shape.frames(),
                        8 * shape.height(),
                        8 * shape.width(),
                        (long) number * batch,
                        batch);
    }

    private void obey() throws IOException {
        steps(WARM_UP_STEPS);
        System.out.println("ready");
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, UTF_8));
        for (String command = commands.readLine(); command != null; command = commands.readLine()) {
            System.out.println(command.equals(STEPS) ? steps(arguments.steps()) : reductions());
        }
    }

    private ArrayNode steps(int count) {
        ArrayNode told = JsonNodeFactory.instance.arrayNode();
        int samples = collective.worldSize()
                * arguments.microBatches()
                * arguments.shape().clips();
        collective.barrier();
        for (int i = 0; i < count; i++) {
            trainer.metrics().lap();
            long begin = System.nanoTime();
            trainer.step(done++, mine, samples);
            double seconds = (System.nanoTime() - begin) / NANOSECONDS;
            ScalingBenchmark.tell(
                    told, seconds, trainer.metrics().lap().seconds().get(Phase.COMMUNICATION));
        }
        return told;
    }

    /** What a step reduces, group by group, as fast as it goes. */
    private ArrayNode reductions() {
        ArrayNode told = JsonNodeFactory.instance.arrayNode();
        for (int round = 0; round < REDUCTION_ROUNDS; round++) {
            collective.barrier();
            long begin = System.nanoTime();
            List<Work> works = new ArrayList<>();
            for (int group = layout.groups().size() - 1; group >= 0; group--) {
                ParameterLayout.Group range = layout.groups().get(group);
                works.add(collective.allReduceSum(FlatRange.of(spare, range.begin(), range.elements())));
            }
            works.forEach(Work::await);
            double seconds = (System.nanoTime() - begin) / NANOSECONDS;
            ScalingBenchmark.tell(told, seconds, seconds);
        }
        return told;
    }
}
