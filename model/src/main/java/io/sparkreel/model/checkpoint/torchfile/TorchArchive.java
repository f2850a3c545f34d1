// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint.torchfile;

import io.sparkreel.model.checkpoint.torchfile.Unpickler.View;
import io.sparkreel.model.checkpoint.torchfile.ZipDirectory.Range;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The dictionary of tensors in a file of {@code torch.save} (PyTorch 1.6 and newer): a zip file with {@code data.pkl},
 * which says what there is, and {@code data/0} and so on with the elements.
 */
final class TorchArchive {
    private static final String PICKLE = "/data.pkl";
    private static final int MOST_PICKLE_BYTES = 16 << 20;
    /** Tensors may share a storage; more often than this nobody does. */
    private static final int MOST_SHARING = 8;

    /**
     * A tensor.
     *
     * @param storageType name of PyTorch's class, such as FloatStorage
     * @param begin the storage's first byte in the file
     * @param storageBytes the storage's bytes
     * @param offset the tensor's first element in its storage
     * @param strides elements from one index of a dimension to the next
     */
    public record StoredTensor(
            String storageType, long begin, long storageBytes, long offset, long[] shape, long[] strides) {}

    private TorchArchive() {}

    /**
     * Finds the tensors of the dictionary that was saved, or of its entry {@code state_dict}. Other entries, such as the
     * number of the step, are passed over.
     *
     * @param elementBytes bytes of an element, by the storage's type
     * @throws MalformedArchiveException if the file is damaged, or holds more than dictionaries of tensors
     */
    public static Map<String, StoredTensor> read(FileChannel file, Map<String, Integer> elementBytes)
            throws IOException, MalformedArchiveException {
        Map<String, Range> entries = ZipDirectory.read(file);
        String pickle = entries.keySet().stream()
                .filter(name -> name.endsWith(PICKLE))
                .findFirst()
                .orElseThrow(() -> new MalformedArchiveException("it has no data.pkl"));
        String root = pickle.substring(0, pickle.length() - PICKLE.length());
        Range order = entries.get(root + "/byteorder");
        if (order != null
                && (order.bytes() != 6
                        || !"little"
                                .equals(new String(
                                        ZipDirectory.bytes(file, order.begin(), 6)
                                                .array(),
                                        StandardCharsets.US_ASCII)))) {
            throw new MalformedArchiveException("it was written on a machine with another order of bytes");
        }
        Range range = entries.get(pickle);
        if (range.bytes() > MOST_PICKLE_BYTES) {
            throw new MalformedArchiveException("its pickle is " + range.bytes() + " bytes long");
        }
        Object value = Unpickler.read(
                ZipDirectory.bytes(file, range.begin(), (int) range.bytes()).array());
        if (value instanceof Map<?, ?> map && map.get("state_dict") instanceof Map<?, ?> inner) {
            value = inner;
        }
        if (!(value instanceof Map<?, ?> dictionary)) {
            throw new MalformedArchiveException("it holds no dictionary");
        }
        Map<String, StoredTensor> tensors = new LinkedHashMap<>();
        long bytes = 0;
        for (Map.Entry<?, ?> entry : dictionary.entrySet()) {
            if (entry.getKey() instanceof String name && entry.getValue() instanceof View view) {
                int width = elementBytes.get(view.storage().type());
                tensors.put(
                        name,
                        place(view, entries.get(root + "/data/" + view.storage().key()), width));
                long count = 1;
                for (long size : view.shape()) {
                    count *= size;
                }
                bytes += count * width;
                if (bytes / MOST_SHARING > file.size()) {
                    throw new MalformedArchiveException("its tensors would be " + MOST_SHARING + " times its size");
                }
            }
        }
        if (tensors.isEmpty()) {
            throw new MalformedArchiveException("its dictionary holds no tensors");
        }
        return tensors;
    }

    private static StoredTensor place(View view, Range range, int width) throws MalformedArchiveException {
        if (range == null || view.storage().elements() > range.bytes() / width) {
            throw new MalformedArchiveException("the storage " + view.storage().key() + " is missing or too short");
        }
        return new StoredTensor(
                view.storage().type(),
                range.begin(),
                view.storage().elements() * width,
                view.offset(),
                view.shape(),
                view.strides());
    }
}
