// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint.torchfile;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Reads the part of Python's pickle format that {@code torch.save} writes for dictionaries of tensors, and nothing else.
 * A pickle is a program; this machine has no instruction that calls or imports anything. Where a pickle names a function,
 * the name alone is kept, and only six names are known: a dictionary, tensors, and the types of their storage.
 *
 * <p>Time and memory are bounded by the number of instructions. Values are Map, List, {@link Tuple}, String, Long,
 * Double, Boolean, null, {@link TypedStorage} and {@link View}. The format is that of Python's pickletools, protocols 2 to 4.
 */
final class Unpickler {
    private static final int MOST_INSTRUCTIONS = 500_000;
    private static final int MOST_DIMENSIONS = 32;
    private static final String DICTIONARY = "collections.OrderedDict";
    private static final String TENSOR = "torch._utils._rebuild_tensor_v2";
    private static final String PARAMETER = "torch._utils._rebuild_parameter";
    private static final Set<String> FUNCTIONS = Set.of(DICTIONARY, TENSOR, PARAMETER);
    private static final String STORAGE = "torch\\.(Float|Double|Half|BFloat16|Long|Int|Short|Char|Byte|Bool)Storage";
    private static final Object MARK = new Object();

    /** A Python tuple. */
    record Tuple(List<Object> items) {}

    /** The name of a function or type that is known. */
    private record Known(String name) {}

    /** Where elements lie: the type's name, such as FloatStorage, the archive's entry, and how many there are. */
    record TypedStorage(String type, String key, long elements) {}

    /** A tensor over a storage; offset and strides count elements. */
    record View(TypedStorage storage, long offset, long[] shape, long[] strides) {}

    private final ByteBuffer in;
    private final List<Object> stack = new ArrayList<>();
    private final Map<Integer, Object> memo = new HashMap<>();

    private Unpickler(byte[] pickle) {
        in = ByteBuffer.wrap(pickle).order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Reads a pickle.
     *
     * @throws MalformedArchiveException if it is damaged, or has anything in it that is not known
     */
    static Object read(byte[] pickle) throws MalformedArchiveException {
        return new Unpickler(pickle).run();
    }

    private Object run() throws MalformedArchiveException {
        for (int count = 0; count < MOST_INSTRUCTIONS; count++) {
            int operation = unsignedByte();
            if (operation == '.') {
                Object result = pop();
                if (!stack.isEmpty() || in.hasRemaining()) {
                    throw new MalformedArchiveException("its pickle goes on after its end");
                }
                return result;
            }
            execute(operation);
        }
        throw new MalformedArchiveException("its pickle has more than " + MOST_INSTRUCTIONS + " instructions");
    }

    private void execute(int operation) throws MalformedArchiveException {
        switch (operation) {
            case 0x80 -> { // PROTO
                int protocol = unsignedByte();
                if (protocol < 2 || protocol > 4) {
                    throw new MalformedArchiveException("its pickle is of protocol " + protocol);
                }
            }
            case 0x95 -> bytes(8); // FRAME: a hint for readers of streams
            case '(' -> stack.add(MARK);
            case '}' -> stack.add(new LinkedHashMap<>());
            case ']' -> stack.add(new ArrayList<>());
            case ')' -> stack.add(new Tuple(List.of()));
            case 'N' -> stack.add(null);
            case 0x88 -> stack.add(true);
            case 0x89 -> stack.add(false);
            case 'J' -> stack.add((long) bytes(4).getInt());
            case 'K' -> stack.add((long) unsignedByte());
            case 'M' -> stack.add((long) (bytes(2).getShort() & 0xFFFF));
            case 0x8a -> stack.add(longNumber());
            case 'G' -> stack.add(bytes(8).order(ByteOrder.BIG_ENDIAN).getDouble());
            case 'X' -> stack.add(text(length(bytes(4).getInt())));
            case 0x8c -> stack.add(text(unsignedByte()));
            case 'q' -> memo.put(unsignedByte(), top());
            case 'r' -> memo.put(bytes(4).getInt(), top());
            case 0x94 -> memo.put(memo.size(), top());
            case 'h' -> stack.add(remembered(unsignedByte()));
            case 'j' -> stack.add(remembered(bytes(4).getInt()));
            case 't' -> stack.add(tuple(popToMark()));
            case 0x85 -> stack.add(tuple(popLast(1)));
            case 0x86 -> stack.add(tuple(popLast(2)));
            case 0x87 -> stack.add(tuple(popLast(3)));
            case 'a' -> append(popLast(1));
            case 'e' -> append(popToMark());
            case 's' -> put(popLast(2));
            case 'u' -> put(popToMark());
            case 'c' -> stack.add(known(line(), line()));
            case 0x93 -> {
                List<Object> names = popLast(2);
                stack.add(known(expect(names.get(0), String.class), expect(names.get(1), String.class)));
            }
            case 'Q' -> stack.add(storage(pop()));
            case 'R' -> {
                List<Object> call = popLast(2);
                stack.add(made(
                        expect(call.get(0), Known.class).name(),
                        expect(call.get(1), Tuple.class).items()));
            }
            case 'b' -> { // BUILD: state dictionaries carry a version for each module
                pop();
                expect(top(), Map.class);
            }
            default ->
                throw new MalformedArchiveException(String.format(
                        Locale.ROOT,
                        "its pickle has the instruction 0x%02x, which dictionaries of tensors do not need",
                        operation));
        }
    }

    private static Known known(String module, String name) throws MalformedArchiveException {
        String full = module + "." + name;
        if (!FUNCTIONS.contains(full) && !full.matches(STORAGE)) {
            throw new MalformedArchiveException(
                    "its pickle asks for '" + shortened(full) + "', which dictionaries of tensors do not need");
        }
        return new Known(full);
    }

    private static Object made(String name, List<Object> arguments) throws MalformedArchiveException {
        switch (name) {
            case DICTIONARY -> {
                if (arguments.isEmpty()) {
                    return new LinkedHashMap<>();
                }
            }
            case PARAMETER -> {
                if (!arguments.isEmpty()) {
                    return expect(arguments.get(0), View.class);
                }
            }
            case TENSOR -> {
                if (arguments.size() >= 4) {
                    return view(
                            expect(arguments.get(0), TypedStorage.class),
                            expect(arguments.get(1), Long.class),
                            numbers(arguments.get(2)),
                            numbers(arguments.get(3)));
                }
            }
            default -> {}
        }
        throw new MalformedArchiveException("its pickle makes a " + name + " of " + arguments.size() + " values");
    }

    private static TypedStorage storage(Object identity) throws MalformedArchiveException {
        List<Object> parts = expect(identity, Tuple.class).items();
        if (parts.size() != 5 || !"storage".equals(parts.get(0))) {
            throw new MalformedArchiveException("its pickle refers to something that is no storage");
        }
        String type = expect(parts.get(1), Known.class).name();
        String key = expect(parts.get(2), String.class);
        long elements = expect(parts.get(4), Long.class);
        if (!type.matches(STORAGE) || !key.matches("\\d{1,9}") || elements < 0) {
            throw new MalformedArchiveException("its pickle refers to a storage without type, key or length");
        }
        return new TypedStorage(type.substring("torch.".length()), key, elements);
    }

    private static View view(TypedStorage storage, long offset, long[] shape, long[] strides)
            throws MalformedArchiveException {
        if (shape.length != strides.length || offset < 0) {
            throw new MalformedArchiveException("it has a tensor without a place in its storage");
        }
        try {
            long count = 1;
            long last = offset;
            boolean empty = false;
            for (int i = 0; i < shape.length; i++) {
                if (shape[i] < 0 || strides[i] < 0) {
                    throw new MalformedArchiveException("it has a tensor of a negative size or stride");
                }
                empty |= shape[i] == 0;
                count = empty ? 0 : Math.multiplyExact(count, shape[i]);
                last = empty ? last : Math.addExact(last, Math.multiplyExact(shape[i] - 1, strides[i]));
            }
            if (!empty && (last >= storage.elements() || count > storage.elements())) {
                throw new MalformedArchiveException("it has a tensor that reaches beyond its storage");
            }
        } catch (ArithmeticException e) {
            throw new MalformedArchiveException("it has a tensor too large to exist");
        }
        return new View(storage, offset, shape, strides);
    }

    private static long[] numbers(Object tuple) throws MalformedArchiveException {
        List<Object> items = expect(tuple, Tuple.class).items();
        if (items.size() > MOST_DIMENSIONS) {
            throw new MalformedArchiveException("it has a tensor of " + items.size() + " dimensions");
        }
        long[] numbers = new long[items.size()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = expect(items.get(i), Long.class);
        }
        return numbers;
    }

    @SuppressWarnings("unchecked")
    private void append(List<Object> items) throws MalformedArchiveException {
        ((List<Object>) expect(top(), List.class)).addAll(items);
    }

    @SuppressWarnings("unchecked")
    private void put(List<Object> items) throws MalformedArchiveException {
        Map<Object, Object> map = (Map<Object, Object>) expect(top(), Map.class);
        if (items.size() % 2 != 0) {
            throw new MalformedArchiveException("its pickle has a key without a value");
        }
        for (int i = 0; i < items.size(); i += 2) {
            Object key = items.get(i);
            if (!(key instanceof String) && !(key instanceof Long)) { // others may be endless to compare
                throw new MalformedArchiveException("its pickle has a key that is neither text nor number");
            }
            map.put(key, items.get(i + 1));
        }
    }

    private static Tuple tuple(List<Object> items) {
        return new Tuple(items);
    }

    private Object remembered(int index) throws MalformedArchiveException {
        if (!memo.containsKey(index)) {
            throw new MalformedArchiveException("its pickle refers to something that does not come before");
        }
        return memo.get(index);
    }

    private Object top() throws MalformedArchiveException {
        if (stack.isEmpty() || stack.get(stack.size() - 1) == MARK) {
            throw new MalformedArchiveException("its pickle takes from an empty stack");
        }
        return stack.get(stack.size() - 1);
    }

    private Object pop() throws MalformedArchiveException {
        Object value = top();
        stack.remove(stack.size() - 1);
        return value;
    }

    private List<Object> popLast(int count) throws MalformedArchiveException {
        Object[] values = new Object[count];
        for (int i = count - 1; i >= 0; i--) {
            values[i] = pop();
        }
        return new ArrayList<>(java.util.Arrays.asList(values));
    }

    private List<Object> popToMark() throws MalformedArchiveException {
        int mark = stack.lastIndexOf(MARK);
        if (mark < 0) {
            throw new MalformedArchiveException("its pickle takes from an empty stack");
        }
        List<Object> above = stack.subList(mark + 1, stack.size());
        List<Object> values = new ArrayList<>(above);
        stack.subList(mark, stack.size()).clear();
        return values;
    }

    private static <T> T expect(Object value, Class<T> type) throws MalformedArchiveException {
        if (!type.isInstance(value)) {
            throw new MalformedArchiveException("its pickle has a "
                    + (value == null ? "None" : value.getClass().getSimpleName()) + " where a " + type.getSimpleName()
                    + " belongs");
        }
        return type.cast(value);
    }

    private int unsignedByte() throws MalformedArchiveException {
        return bytes(1).get() & 0xFF;
    }

    private int length(int bytes) throws MalformedArchiveException {
        if (bytes < 0) {
            throw new MalformedArchiveException("its pickle ends within a value");
        }
        return bytes;
    }

    private ByteBuffer bytes(int count) throws MalformedArchiveException {
        if (in.remaining() < count) {
            throw new MalformedArchiveException("its pickle ends within a value");
        }
        ByteBuffer part = in.slice(in.position(), count).order(ByteOrder.LITTLE_ENDIAN);
        in.position(in.position() + count);
        return part;
    }

    private long longNumber() throws MalformedArchiveException {
        int size = unsignedByte();
        if (size > Long.BYTES) {
            throw new MalformedArchiveException("its pickle has a number of " + size + " bytes");
        }
        ByteBuffer part = bytes(size);
        long value = 0;
        for (int i = 0; i < size; i++) {
            long digit = i == size - 1 ? part.get(i) : part.get(i) & 0xFF; // the sign is in the last
            value |= digit << (8 * i);
        }
        return value;
    }

    private String text(int size) throws MalformedArchiveException {
        try {
            CharBuffer text = StandardCharsets.UTF_8.newDecoder().decode(bytes(size));
            return text.toString();
        } catch (CharacterCodingException e) {
            throw new MalformedArchiveException("its pickle has a text that is not UTF-8");
        }
    }

    private String line() throws MalformedArchiveException {
        int begin = in.position();
        while (unsignedByte() != '\n') {
            if (in.position() - begin > 256) {
                throw new MalformedArchiveException("its pickle asks for a very long name");
            }
        }
        return new String(in.array(), begin, in.position() - begin - 1, StandardCharsets.UTF_8);
    }

    private static String shortened(String text) {
        String start = text.length() > 80 ? text.substring(0, 80) + "..." : text;
        return start.replaceAll("\\p{Cntrl}", "?");
    }
}
