// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train.checkpoint;

import io.sparkreel.model.optim.Shard;
import io.sparkreel.model.torch.FlatBuffer;
import io.sparkreel.model.torch.Kernels;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.TensorScope;
import io.sparkreel.model.torch.Tensors;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A copy in host memory of a vector, such as a range of a {@link FlatBuffer}. One thread takes it, and may then change the original
 * while another reads.
 */
final class Snapshot implements FloatRange, AutoCloseable {
    /** Elements of one mapping, which can have 2 GiB at most. */
    private static final long CHUNK = 1L << 28;

    private final FlatBuffer source; // null where values are put
    private final long begin;
    private final FlatBuffer copy;
    /** Memory of the copy, so that the reading thread needs no libtorch. */
    private final List<ByteBuffer> chunks = new ArrayList<>();

    /** Reserves the memory for {@code count} elements that are put. */
    Snapshot(long count) {
        this(null, 0, count);
    }

    /** Reserves the memory for {@code count} elements from {@code begin} on. */
    Snapshot(FlatBuffer source, long begin, long count) {
        this.source = source;
        this.begin = begin;
        copy = new FlatBuffer(Tensors.onHost(), count);
        for (long at = 0; at < count; at += CHUNK) {
            chunks.add(copy.hostBytes(at, Math.min(CHUNK, count - at)).order(ByteOrder.nativeOrder()));
        }
    }

    long elements() {
        return copy.elements();
    }

    /** Copies what the source holds now. */
    void take() {
        try (TensorScope scope = TensorScope.open()) {
            Kernels kernels = Kernels.instance();
            kernels.copyInto(copy.tensor(), kernels.sliceFlat(source.tensor(), begin, elements(), elements()));
        }
    }

    /** Copies values to element {@code at} and those after it. */
    void put(long at, Tensor values) {
        try (TensorScope scope = TensorScope.open()) {
            Kernels.instance().copyInto(Shard.view(copy, at, values.elements()), values);
        }
    }

    @Override
    public void read(long from, FloatBuffer target) {
        for (long at = from; target.hasRemaining(); ) {
            FloatBuffer chunk = chunks.get((int) (at / CHUNK))
                    .duplicate()
                    .order(ByteOrder.nativeOrder())
                    .asFloatBuffer();
            chunk.position((int) (at % CHUNK));
            chunk.limit(chunk.position() + Math.min(chunk.remaining(), target.remaining()));
            at += chunk.remaining();
            target.put(chunk);
        }
    }

    @Override
    public void close() {
        copy.close();
    }
}
