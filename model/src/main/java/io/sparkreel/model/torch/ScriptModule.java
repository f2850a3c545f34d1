// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.torch;

import ai.djl.Device;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * TorchScript source, compiled, and its functions called by name. Arguments are tensors, lists of
 * tensors, numbers ({@code Long}, {@code Double} and arrays of them), flags and strings.
 */
public final class ScriptModule {
    /**
     * A setting of the thread, made at its first call. The optimising executor recompiles on its first calls and gains
     * nothing on kernels as coarse as ours; and what it compiled on one thread all others run from then on, with its own
     * derivatives of linear maps, which do not know mixed precision.
     */
    private static final ThreadLocal<Boolean> PLAIN_EXECUTOR = ThreadLocal.withInitial(() -> {
        JniUtils.setGraphExecutorOptimize(false);
        return true;
    });

    private final long handle;

    private ScriptModule(long handle) {
        this.handle = handle;
    }

    /**
     * Compiles a source that holds one class, of the name of its Java face. It stays loaded as long as the process lives.
     *
     * @param face the typed Java face, beside which the resource lies
     * @param shared whether the source uses functions of {@code shared.py}
     */
    public static ScriptModule load(Class<?> face, String resource, boolean shared) {
        String name = face.getSimpleName();
        String source = text(face, resource);
        byte[] archive = KernelArchive.pack(
                shared ? KernelArchive.withShared(source, text(ScriptModule.class, "shared.py"), name) : source, name);
        try {
            return new ScriptModule(
                    JniUtils.loadModuleHandle(new ByteArrayInputStream(archive), Device.cpu(), false, false));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String text(Class<?> beside, String resource) {
        try (InputStream in = beside.getResourceAsStream(resource)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Calls a function for what it does. */
    public void run(String function, Object... arguments) {
        TorchNative.deleteValue(call(function, arguments));
    }

    /** Calls a function that returns a number. */
    public double number(String function, Object... arguments) {
        long result = call(function, arguments);
        try {
            return TorchNative.valueToDouble(result);
        } finally {
            TorchNative.deleteValue(result);
        }
    }

    /** Calls a function that returns a tensor, which the current scope owns. */
    public Tensor tensor(String function, Object... arguments) {
        long result = call(function, arguments);
        try {
            return TensorScope.adopt(TorchNative.valueToTensor(result));
        } finally {
            TorchNative.deleteValue(result);
        }
    }

    /** Calls a function that returns tensors, which the current scope owns. */
    public List<Tensor> tensors(String function, Object... arguments) {
        long result = call(function, arguments);
        try {
            long[] handles = TorchNative.valueToTensors(result);
            Tensor[] tensors = new Tensor[handles.length];
            for (int i = 0; i < handles.length; i++) {
                tensors[i] = TensorScope.adopt(handles[i]);
            }
            return List.of(tensors);
        } finally {
            TorchNative.deleteValue(result);
        }
    }

    private long call(String function, Object... arguments) {
        long[] values = new long[arguments.length];
        int made = 0;
        PLAIN_EXECUTOR.get();
        try {
            for (; made < values.length; made++) {
                values[made] = value(arguments[made]);
            }
            return TorchNative.runMethod(handle, function, values);
        } finally {
            for (int i = 0; i < made; i++) {
                TorchNative.deleteValue(values[i]);
            }
        }
    }

    private static long value(Object argument) {
        if (argument instanceof Tensor tensor) {
            return TorchNative.valueFromTensor(tensor.handle());
        }
        if (argument instanceof List<?> tensors) {
            long[] handles = new long[tensors.size()];
            for (int i = 0; i < handles.length; i++) {
                handles[i] = ((Tensor) tensors.get(i)).handle();
            }
            return TorchNative.valueFromTensors(handles);
        }
        if (argument instanceof Long number) {
            return TorchNative.valueFromLong(number);
        }
        if (argument instanceof long[] numbers) {
            return TorchNative.valueFromLongs(numbers);
        }
        if (argument instanceof Double number) {
            return TorchNative.valueFromDouble(number);
        }
        if (argument instanceof double[] numbers) {
            return TorchNative.valueFromDoubles(numbers);
        }
        if (argument instanceof Boolean flag) {
            return TorchNative.valueFromBool(flag);
        }
        return TorchNative.valueFromString((String) argument);
    }
}
