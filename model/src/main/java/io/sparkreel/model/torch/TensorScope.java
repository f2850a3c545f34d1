// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.torch;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/**
 * Owns the tensors that its thread makes while it is the innermost open scope, and closes them when it
 * closes.
 *
 * <pre>{@code
 * try (TensorScope scope = TensorScope.open()) {
 *     Tensor hidden = kernels.mlp(x, ...);
 *     return scope.release(kernels.add(x, hidden));   // now owned by the enclosing scope
 * }
 * }</pre>
 *
 * <p>Scopes nest like blocks of code: the innermost one must be closed first.
 */
public final class TensorScope implements AutoCloseable {
    private static final ThreadLocal<TensorScope> CURRENT = new ThreadLocal<>();

    private final TensorScope parent;
    private final List<Tensor> tensors = new ArrayList<>();
    private final boolean detached;

    private TensorScope(TensorScope parent, boolean detached) {
        this.parent = parent;
        this.detached = detached;
    }

    /** Opens a scope inside the thread's current one. */
    public static TensorScope open() {
        TensorScope scope = new TensorScope(CURRENT.get(), false);
        CURRENT.set(scope);
        return scope;
    }

    /** A scope for long-lived tensors: it is current only inside {@link #own}, and any thread may close it. */
    public static TensorScope longLived() {
        return new TensorScope(null, true);
    }

    static Tensor adopt(long handle) {
        TensorScope scope = CURRENT.get();
        if (scope == null) {
            TorchNative.deleteTensor(handle);
            throw new IllegalStateException("Cannot make a tensor: no TensorScope is open on this thread");
        }
        Tensor tensor = new Tensor(handle);
        scope.tensors.add(tensor);
        return tensor;
    }

    /** Hands a tensor of this scope to the enclosing one, and returns it. */
    public Tensor release(Tensor tensor) {
        if (parent == null) {
            throw new IllegalStateException("Cannot release a tensor: this scope has no enclosing one");
        }
        return moveTo(parent, tensor);
    }

    /** Hands several tensors of this scope to the enclosing one. */
    public void releaseAll(Iterable<Tensor> survivors) {
        Set<Tensor> moved = Collections.newSetFromMap(new IdentityHashMap<>());
        survivors.forEach(moved::add);
        tensors.removeAll(moved);
        parent.tensors.addAll(moved);
    }

    /** Takes a tensor out of the current scope of this thread into this one. */
    public Tensor own(Tensor tensor) {
        return CURRENT.get().moveTo(this, tensor);
    }

    private Tensor moveTo(TensorScope owner, Tensor tensor) {
        // The tensor that survives is nearly always among the last ones made.
        for (int i = tensors.size() - 1; i >= 0; i--) {
            if (tensors.get(i) == tensor) {
                tensors.remove(i);
                owner.tensors.add(tensor);
                return tensor;
            }
        }
        throw new IllegalStateException("Cannot move " + tensor + ": it does not belong to this scope");
    }

    @Override
    public void close() {
        if (!detached) {
            if (CURRENT.get() != this) {
                throw new IllegalStateException(
                        "Cannot close a tensor scope: it is not the innermost one of this thread");
            }
            CURRENT.set(parent);
        }
        for (int i = tensors.size() - 1; i >= 0; i--) {
            tensors.get(i).close();
        }
        tensors.clear();
    }
}
