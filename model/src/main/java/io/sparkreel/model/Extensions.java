// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model;

import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;

/** The extensions that are registered. */
public final class Extensions {
    private Extensions() {}

    /**
     * All parts of a kind, in the order of their registration. They are looked for with the class loader of this library,
     * then with that of the thread, which on a Spark executor knows the jars of the application.
     */
    public static <T> List<T> all(Class<T> kind) {
        List<T> found = new ArrayList<>();
        List<Class<?>> known = new ArrayList<>();
        for (ClassLoader loader : new ClassLoader[] {
            Extensions.class.getClassLoader(), Thread.currentThread().getContextClassLoader()
        }) {
            for (Extension extension : ServiceLoader.load(Extension.class, loader)) {
                if (!known.contains(extension.getClass())) {
                    known.add(extension.getClass());
                    extension.parts().stream()
                            .filter(kind::isInstance)
                            .map(kind::cast)
                            .forEach(found::add);
                }
            }
        }
        return found;
    }
}
