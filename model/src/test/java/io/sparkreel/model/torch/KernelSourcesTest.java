// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every kernel source compiles, and its functions are those of the Java face beside it, by name, arity and types. */
class KernelSourcesTest {
    private static final String SHARED = "shared.py";
    private static final Pattern CLASS = Pattern.compile("(?m)^class (\\w+)\\(Module\\):");
    private static final Pattern FUNCTION =
            Pattern.compile("(?m)^  def (\\w+)\\(self: __torch__\\.\\w+(?:, ([^)]*))?\\) -> ([^:]+):");
    private static final Map<Class<?>, String> TYPES = Map.of(
            Tensor.class, "Tensor",
            List.class, "List[Tensor]",
            int.class, "int",
            long.class, "int",
            Precision.class, "int",
            long[].class, "List[int]",
            double.class, "float",
            double[].class, "List[float]",
            boolean.class, "bool",
            String.class, "str");
    private static final Map<Class<?>, String> RESULTS =
            Map.of(Tensor.class, "Tensor", List.class, "List[Tensor]", double.class, "float", float[].class, "Tensor");

    /** A function's arguments, in order, and its result. */
    private record Signature(List<String> arguments, String result) {}

    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    private static Path root() throws IOException {
        Path file = Path.of(KernelSourcesTest.class.getResource(SHARED).getPath());
        return file.getParent().getParent();
    }

    private static List<Path> sources() throws IOException {
        try (Stream<Path> files = Files.walk(root())) {
            return files.filter(file -> file.toString().endsWith(".py")
                            && !file.getFileName().toString().equals(SHARED))
                    .sorted()
                    .toList();
        }
    }

    private static Map<String, Signature> functions(String source) {
        Map<String, Signature> functions = new TreeMap<>();
        Matcher found = FUNCTION.matcher(source);
        while (found.find()) {
            List<String> arguments = new ArrayList<>();
            if (found.group(2) != null) {
                for (String argument : found.group(2).split(", (?=\\w+: )")) {
                    arguments.add(argument.substring(argument.indexOf(": ") + 2));
                }
            }
            functions.put(found.group(1), new Signature(arguments, found.group(3)));
        }
        return functions;
    }

    private static String snake(String name) {
        return name.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
    }

    @Test
    void everyOwnerHasASource() throws IOException {
        assertTrue(sources().size() >= 5, sources()::toString);
    }

    @TestFactory
    Stream<DynamicTest> facesSayWhatSourcesDo() throws IOException {
        Path root = root();
        return sources().stream()
                .map(source -> DynamicTest.dynamicTest(root.relativize(source).toString(), () -> check(root, source)));
    }

    private static void check(Path root, Path file) throws Exception {
        String source = Files.readString(file);
        Matcher name = CLASS.matcher(source);
        assertTrue(name.find(), "no class");
        String folder = root.relativize(file.getParent()).toString().replace('/', '.');
        Class<?> face = Class.forName("io.sparkreel.model." + folder + "." + name.group(1));
        Method instance = face.getDeclaredMethod("instance");
        instance.setAccessible(true);
        assertNotNull(instance.invoke(null), "it does not compile");
        Map<String, Signature> functions = functions(source);
        assertFalse(functions.isEmpty());
        Set<String> offered = new HashSet<>();
        for (Method method : face.getDeclaredMethods()) {
            if (Modifier.isStatic(method.getModifiers()) || method.isSynthetic()) {
                continue;
            }
            Signature function = functions.get(snake(method.getName()));
            assertNotNull(function, method + " has no function");
            offered.add(snake(method.getName()));
            List<String> arguments =
                    Stream.of(method.getParameterTypes()).map(TYPES::get).toList();
            assertEquals(function.arguments(), arguments, method.toString());
            if (method.getReturnType() != void.class) {
                assertEquals(function.result(), RESULTS.get(method.getReturnType()), method.toString());
            }
        }
        for (String function : functions.keySet()) {
            assertTrue(
                    offered.contains(function) || source.contains("self." + function + "("),
                    function + " is called by nobody");
        }
    }
}
