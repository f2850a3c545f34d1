// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint.safetensors;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.HashMap;
import java.util.Map;

/** The tensors of a local file, mapped into memory when they are first read. Safe for use by several threads. */
final class MappedTensors {

    // One mapping holds less than 2 GiB. A multiple of every element size, so that no element lies in two segments.
    private static final long SEGMENT_BYTES = 1L << 30;

    private final FileChannel channel;
    private final long dataStart;
    private final Map<String, ByteBuffer[]> mappings = new HashMap<>();

    MappedTensors(FileChannel channel, long dataStart) {
        this.channel = channel;
        this.dataStart = dataStart;
    }

    /** The bytes of a tensor from a position to the end of its segment. */
    synchronized ByteBuffer bytesAt(TensorInfo tensor, long position) throws IOException {
        int segments = Math.toIntExact((tensor.byteLength() + SEGMENT_BYTES - 1) / SEGMENT_BYTES);
        ByteBuffer[] mapped = mappings.computeIfAbsent(tensor.name(), name -> new ByteBuffer[segments]);
        int index = (int) (position / SEGMENT_BYTES);
        if (mapped[index] == null) {
            long start = index * SEGMENT_BYTES;
            long length = Math.min(SEGMENT_BYTES, tensor.byteLength() - start);
            mapped[index] = channel.map(FileChannel.MapMode.READ_ONLY, dataStart + tensor.begin() + start, length);
        }
        return mapped[index].duplicate().position((int) (position % SEGMENT_BYTES));
    }

    /** Forgets the mappings. The memory goes with the last reference to it. */
    synchronized void clear() {
        mappings.clear();
    }
}
