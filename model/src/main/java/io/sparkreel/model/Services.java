// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model;

import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;

/** Implementations that a line in {@code META-INF/services} registers. */
public final class Services {
    private Services() {}

    /**
     * All implementations, in the order of their registration. They are looked for with the class loader of the thread,
     * which on a Spark executor knows the jars of the application, then with that of this library.
     */
    public static <T> List<T> all(Class<T> type) {
        List<T> found = new ArrayList<>();
        List<Class<?>> known = new ArrayList<>();
        for (ClassLoader loader :
                new ClassLoader[] {Thread.currentThread().getContextClassLoader(), Services.class.getClassLoader()}) {
            for (T service : ServiceLoader.load(type, loader)) {
                if (!known.contains(service.getClass())) {
                    known.add(service.getClass());
                    found.add(service);
                }
            }
        }
        return found;
    }
}
