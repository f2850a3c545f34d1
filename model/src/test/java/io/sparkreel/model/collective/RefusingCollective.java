// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective;

import java.nio.ByteBuffer;

/** One of two ranks that refuses whatever would need the other. */
public class RefusingCollective implements Collective {
    private final int rank;

    public RefusingCollective(int rank) {
        this.rank = rank;
    }

    @Override
    public int rank() {
        return rank;
    }

    @Override
    public int worldSize() {
        return 2;
    }

    @Override
    public Work allReduceSum(FlatRange range) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Work reduceScatterSum(FlatRange range) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Work allGatherParts(FlatRange range) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void broadcast(ByteBuffer range, int root) {
        throw new UnsupportedOperationException();
    }

    @Override
    public byte[][] allGather(byte[] mine) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void barrier() {}

    @Override
    public void reportProgress() {}

    @Override
    public void close() {}
}
