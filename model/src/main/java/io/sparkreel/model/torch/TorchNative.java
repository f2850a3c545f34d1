// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.torch;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;

/**
 * The native calls of DJL's PyTorch engine that its public API does not offer with autograd.
 *
 * <p>They are bound by method handle, because the class that declares them is package-private and may live
 * in another class loader than ours. A signature that has changed fails here, at class initialisation, by
 * name.
 */
final class TorchNative {
    private static final Object LIBRARY;
    private static final MethodHandle RUN_METHOD;
    private static final MethodHandle DELETE_TENSOR;
    private static final MethodHandle DELETE_VALUE;
    private static final MethodHandle VALUE_FROM_TENSOR;
    private static final MethodHandle VALUE_FROM_TENSORS;
    private static final MethodHandle VALUE_FROM_LONG;
    private static final MethodHandle VALUE_FROM_LONGS;
    private static final MethodHandle VALUE_FROM_DOUBLE;
    private static final MethodHandle VALUE_FROM_DOUBLES;
    private static final MethodHandle VALUE_FROM_BOOL;
    private static final MethodHandle VALUE_FROM_STRING;
    private static final MethodHandle VALUE_TO_TENSOR;
    private static final MethodHandle VALUE_TO_TENSORS;
    private static final MethodHandle VALUE_TO_DOUBLE;
    private static final MethodHandle EMPTY;
    private static final MethodHandle SIZES;
    private static final MethodHandle DIRECT_BUFFER;
    private static final MethodHandle REQUIRE_GRADIENT;
    private static final MethodHandle GRADIENT;
    private static final MethodHandle DETACH;
    private static final MethodHandle BACKWARD;
    private static final MethodHandle IS_GRAD_MODE;
    private static final MethodHandle SET_GRAD_MODE;

    static {
        try {
            Class<?> type = Class.forName("ai.djl.pytorch.jni.PyTorchLibrary");
            MethodHandles.Lookup lookup = MethodHandles.privateLookupIn(type, MethodHandles.lookup());
            LIBRARY = lookup.findStaticGetter(type, "LIB", type).invoke();
            RUN_METHOD = bind(
                    lookup,
                    type,
                    "moduleRunMethod",
                    long.class,
                    long.class,
                    String.class,
                    long[].class,
                    boolean.class,
                    boolean.class);
            DELETE_TENSOR = bind(lookup, type, "torchDeleteTensor", void.class, long.class);
            DELETE_VALUE = bind(lookup, type, "torchDeleteIValue", void.class, long.class);
            VALUE_FROM_TENSOR = bind(lookup, type, "iValueFromTensor", long.class, long.class);
            VALUE_FROM_TENSORS = bind(lookup, type, "iValueFromTensorList", long.class, long[].class);
            VALUE_FROM_LONG = bind(lookup, type, "iValueFromLong", long.class, long.class);
            VALUE_FROM_LONGS = bind(lookup, type, "iValueFromLongList", long.class, long[].class);
            VALUE_FROM_DOUBLE = bind(lookup, type, "iValueFromDouble", long.class, double.class);
            VALUE_FROM_DOUBLES = bind(lookup, type, "iValueFromDoubleList", long.class, double[].class);
            VALUE_FROM_BOOL = bind(lookup, type, "iValueFromBool", long.class, boolean.class);
            VALUE_FROM_STRING = bind(lookup, type, "iValueFromString", long.class, String.class);
            VALUE_TO_TENSOR = bind(lookup, type, "iValueToTensor", long.class, long.class);
            VALUE_TO_TENSORS = bind(lookup, type, "iValueToTensorList", long[].class, long.class);
            VALUE_TO_DOUBLE = bind(lookup, type, "iValueToDouble", double.class, long.class);
            EMPTY = bind(
                    lookup,
                    type,
                    "torchEmpty",
                    long.class,
                    long[].class,
                    int.class,
                    int.class,
                    int[].class,
                    boolean.class);
            SIZES = bind(lookup, type, "torchSizes", long[].class, long.class);
            DIRECT_BUFFER = bind(lookup, type, "torchDirectByteBuffer", ByteBuffer.class, long.class);
            REQUIRE_GRADIENT = bind(lookup, type, "torchAttachGrad", void.class, long.class, boolean.class);
            GRADIENT = bind(lookup, type, "torchGrad", long.class, long.class);
            DETACH = bind(lookup, type, "torchDetachGrad", long.class, long.class);
            BACKWARD = bind(
                    lookup, type, "torchBackward", void.class, long.class, long.class, boolean.class, boolean.class);
            IS_GRAD_MODE = bind(lookup, type, "torchIsGradMode", boolean.class);
            SET_GRAD_MODE = bind(lookup, type, "torchSetGradMode", void.class, boolean.class);
        } catch (Throwable e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private TorchNative() {}

    private static MethodHandle bind(
            MethodHandles.Lookup lookup, Class<?> type, String name, Class<?> result, Class<?>... arguments)
            throws ReflectiveOperationException {
        Method method = type.getDeclaredMethod(name, arguments);
        return lookup.unreflect(method).bindTo(LIBRARY).asType(MethodType.methodType(result, arguments));
    }

    /** Runs a script method; the result is a value handle that the caller deletes. */
    static long runMethod(long module, String name, long[] values) {
        try {
            return (long) RUN_METHOD.invokeExact(module, name, values, true, false);
        } catch (Throwable e) {
            throw propagate(e);
        }
    }

    static void deleteTensor(long handle) {
        try {
            DELETE_TENSOR.invokeExact(handle);
        } catch (Throwable e) {
            throw propagate(e);
        }
    }

    static void deleteValue(long handle) {
        try {
            DELETE_VALUE.invokeExact(handle);
        } catch (Throwable e) {
            throw propagate(e);
        }
    }

    static long valueFromTensor(long tensor) {
        try {
            return (long) VALUE_FROM_TENSOR.invokeExact(tensor);
        } catch (Throwable e) {
            throw propagate(e);
        }
    }

    static long valueFromTensors(long[] tensors) {
        try {
            return (long) VALUE_FROM_TENSORS.invokeExact(tensors);
        } catch (Throwable e) {
            throw propagate(e);
        }
    }

    static long valueFromLong(long value) {
        try {
            return (long) VALUE_FROM_LONG.invokeExact(value);
        } catch (Throwable e) {
            throw propagate(e);
        }
    }

    static long valueFromLongs(long[] values) {
        try {
            return (long) VALUE_FROM_LONGS.invokeExact(values);
        } catch (Throwable e) {
            throw propagate(e);
        }
    }

    static long valueFromDouble(double value) {
        try {
            return (long) VALUE_FROM_DOUBLE.invokeExact(value);
        } catch (Throwable e) {
            throw propagate(e);
        }
    }

    static long valueFromDoubles(double[] values) {
        try {
            return (long) VALUE_FROM_DOUBLES.invokeExact(values);
        } catch (Throwable e) {
            throw propagate(e);
        }
    }

    static long valueFromBool(boolean value) {
        try {
            return (long) VALUE_FROM_BOOL.invokeExact(value);
        } catch (Throwable e) {
            throw propagate(e);
        }
    }

    static long valueFromString(String value) {
        try {
            return (long) VALUE_FROM_STRING.invokeExact(value);
        } catch (Throwable e) {
            throw propagate(e);
        }
    }

    static long valueToTensor(long value) {
        try {
            return (long) VALUE_TO_TENSOR.invokeExact(value);
        } catch (Throwable e) {
            throw propagate(e);
        }
    }

    static long[] valueToTensors(long value) {
        try {
            return (long[]) VALUE_TO_TENSORS.invokeExact(value);
        } catch (Throwable e) {
            throw propagate(e);
        }
    }

    static double valueToDouble(long value) {
        try {
            return (double) VALUE_TO_DOUBLE.invokeExact(value);
        } catch (Throwable e) {
            throw propagate(e);
        }
    }

    /** An uninitialised dense tensor in host memory; {@code type} is a DJL data type ordinal. */
    static long emptyOnHost(long[] shape, int type) {
        try {
            return (long) EMPTY.invokeExact(shape, type, 0, new int[] {0, -1}, false);
        } catch (Throwable e) {
            throw propagate(e);
        }
    }

    static long[] sizes(long tensor) {
        try {
            return (long[]) SIZES.invokeExact(tensor);
        } catch (Throwable e) {
            throw propagate(e);
        }
    }

    /** The tensor's own memory; for a tensor on a GPU a device address that must not be dereferenced. */
    static ByteBuffer directBuffer(long tensor) {
        try {
            return (ByteBuffer) DIRECT_BUFFER.invokeExact(tensor);
        } catch (Throwable e) {
            throw propagate(e);
        }
    }

    static void requireGradient(long tensor) {
        try {
            REQUIRE_GRADIENT.invokeExact(tensor, true);
        } catch (Throwable e) {
            throw propagate(e);
        }
    }

    static long gradient(long tensor) {
        try {
            return (long) GRADIENT.invokeExact(tensor);
        } catch (Throwable e) {
            throw propagate(e);
        }
    }

    static long detach(long tensor) {
        try {
            return (long) DETACH.invokeExact(tensor);
        } catch (Throwable e) {
            throw propagate(e);
        }
    }

    static void backward(long tensor, long gradient) {
        try {
            BACKWARD.invokeExact(tensor, gradient, false, false);
        } catch (Throwable e) {
            throw propagate(e);
        }
    }

    static boolean isGradMode() {
        try {
            return (boolean) IS_GRAD_MODE.invokeExact();
        } catch (Throwable e) {
            throw propagate(e);
        }
    }

    static void setGradMode(boolean enabled) {
        try {
            SET_GRAD_MODE.invokeExact(enabled);
        } catch (Throwable e) {
            throw propagate(e);
        }
    }

    private static RuntimeException propagate(Throwable e) {
        if (e instanceof RuntimeException unchecked) {
            return unchecked;
        }
        if (e instanceof Error error) {
            throw error;
        }
        return new IllegalStateException(e);
    }
}
