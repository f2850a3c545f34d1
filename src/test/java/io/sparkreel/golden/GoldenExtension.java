// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.golden;

import java.lang.reflect.Method;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;
import org.opentest4j.TestAbortedException;

/**
 * Hands {@link GoldenData} to tests. A factory that lacks its data makes one test, which is skipped: reports do not mention a
 * factory that is skipped itself, or that makes none.
 */
public final class GoldenExtension implements ParameterResolver, InvocationInterceptor {
    private static final Namespace LACKING = Namespace.create(GoldenExtension.class);

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == GoldenData.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return GoldenData.find();
    }

    @Override
    public void interceptBeforeEachMethod(
            Invocation<Void> invocation, ReflectiveInvocationContext<Method> method, ExtensionContext context)
            throws Throwable {
        try {
            invocation.proceed();
        } catch (TestAbortedException lacking) {
            if (!context.getRequiredTestMethod().isAnnotationPresent(TestFactory.class)) {
                throw lacking;
            }
            context.getStore(LACKING).put(TestFactory.class, lacking);
        }
    }

    @Override
    @SuppressWarnings("unchecked") // a stream, as that of the factory
    public <T> T interceptTestFactoryMethod(
            Invocation<T> invocation, ReflectiveInvocationContext<Method> method, ExtensionContext context)
            throws Throwable {
        TestAbortedException lacking = context.getStore(LACKING).get(TestFactory.class, TestAbortedException.class);
        List<?> cases = List.of();
        if (lacking == null) {
            try {
                cases = ((Stream<?>) invocation.proceed()).toList();
                GoldenData.find().require(!cases.isEmpty(), "case of " + context.getDisplayName());
            } catch (TestAbortedException aborted) {
                lacking = aborted;
            }
        } else {
            invocation.skip();
        }
        if (lacking != null) {
            TestAbortedException reason = lacking;
            cases = List.of(DynamicTest.dynamicTest(lacking.getMessage(), () -> {
                throw reason;
            }));
        }
        return (T) cases.stream();
    }
}
