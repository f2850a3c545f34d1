// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.reader;

import com.sun.source.doctree.DocCommentTree;
import com.sun.source.doctree.DocTree;
import com.sun.source.doctree.ParamTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePathScanner;
import io.sparkreel.jobs.config.bucketing.BucketingConfig;
import io.sparkreel.jobs.config.curate.CurateConfig;
import io.sparkreel.jobs.config.inference.InferenceConfig;
import io.sparkreel.jobs.config.train.TrainingConfig;
import io.sparkreel.model.settings.Choice;
import io.sparkreel.model.settings.NoEffect;
import io.sparkreel.model.settings.Tuple;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * The page of all keys of the configuration: names, types and defaults as the reader knows them from the records, and
 * meanings as the records' Javadoc has them.
 */
final class ConfigurationPage {
    private static final String HEAD = """
            # Configuration

            For whoever writes the configuration of a job. Each job reads one YAML file, `--config FILE`. `--set KEY=VALUE`
            changes any key of it, nested keys with dots: `--set model.depth=12`. Unknown keys, wrong types and values that
            cannot work are refused with the key, the value and what would be valid.

            This page is made from the sources by a test, which also says how to make it anew. `conf/` holds configurations
            to begin with.
            """;

    private final Path root;
    private final StringBuilder page = new StringBuilder(HEAD);
    private final Map<Class<?>, Docs> docs = new LinkedHashMap<>();
    /** Sections by record, with what the tables call them. */
    private final Map<Class<?>, Set<String>> sections = new LinkedHashMap<>();

    private final Map<String, String> withoutEffect = new TreeMap<>();

    /** What the Javadoc of a record says of it and of its components. */
    private record Docs(String summary, Map<String, String> components) {}

    private ConfigurationPage(Path root) {
        this.root = root;
    }

    /** @param root of the project */
    static String of(Path root) throws IOException {
        ConfigurationPage made = new ConfigurationPage(root);
        made.job("Curation", "submit/curate", CurateConfig.class);
        made.job("Bucketing", "submit/bucketing", BucketingConfig.class);
        made.job("Training and encoding", "submit/train and submit/encode", TrainingConfig.class);
        made.job("Inference", "submit/inference", InferenceConfig.class);
        made.sections();
        made.noEffects();
        return made.page.toString();
    }

    private void job(String title, String launchers, Class<?> config) throws IOException {
        String named = Stream.of(launchers.split(" and "))
                .map(name -> "`" + name + "`")
                .collect(Collectors.joining(" and "));
        page.append("\n## ").append(title).append("\n\n").append(named).append(": ");
        page.append(docs(config).summary()).append("\n\n");
        table(config);
    }

    private void table(Class<?> section) throws IOException {
        page.append("| key | value | default | meaning |\n|---|---|---|---|\n");
        rows(section);
    }

    private void rows(Class<?> section) throws IOException {
        for (NoEffect key : section.getAnnotationsByType(NoEffect.class)) {
            withoutEffect.put(key.key(), key.instead());
        }
        for (RecordComponent component : section.getRecordComponents()) {
            if (Schema.isFlat(component)) {
                rows(component.getType());
                continue;
            }
            String meaning = docs(section).components().get(component.getName());
            if (meaning == null) {
                throw new IllegalStateException(section + " does not document " + component.getName());
            }
            page.append("| `").append(Schema.key(component)).append("` | ");
            page.append(cell(value(component)))
                    .append(" | ")
                    .append(standard(component))
                    .append(" | ");
            page.append(cell(meaning)).append(" |\n");
        }
    }

    private String value(RecordComponent component) {
        if (!Schema.isSection(component.getGenericType())) {
            return value(component.getGenericType());
        }
        Class<?> section = component.getType();
        String key = Schema.key(component);
        if (!Schema.isChosen(section)) {
            sections.computeIfAbsent(section, any -> new LinkedHashSet<>()).add("`" + key + "`");
        }
        Map<Class<?>, List<String>> types = new LinkedHashMap<>();
        if (Schema.isChosen(section)) {
            Schema.variants(section)
                    .forEach((type, record) -> types.computeIfAbsent(record, any -> new ArrayList<>())
                            .add(type));
        }
        types.forEach((record, words) -> source(record)
                .ifPresent(shipped -> sections.computeIfAbsent(record, any -> new LinkedHashSet<>())
                        .add("`" + key + "` of type "
                                + words.stream().map(word -> "`" + word + "`").collect(Collectors.joining(", ")))));
        return "[section](#sections)";
    }

    private static String value(Type type) {
        Class<?> raw = Schema.raw(type);
        if (raw == List.class) {
            return "list: " + value(Schema.argument(type, 0));
        } else if (raw == Map.class) {
            return value(Schema.argument(type, 0)) + " → " + value(Schema.argument(type, 1));
        } else if (raw.isEnum()) {
            return Stream.of(raw.getEnumConstants())
                    .map(constant -> "`" + Choice.word((Enum<?>) constant) + "`")
                    .collect(Collectors.joining(", "));
        } else if (raw.isAnnotationPresent(Tuple.class)) {
            return raw.getAnnotation(Tuple.class).value();
        } else if (Schema.isSection(raw)) {
            return "mapping: "
                    + Stream.of(raw.getRecordComponents())
                            .map(component -> "`" + Schema.key(component) + "` " + value(component.getGenericType()))
                            .collect(Collectors.joining(", "));
        } else if (raw == String.class) {
            return "text";
        } else if (raw == boolean.class || raw == Boolean.class) {
            return "`true`, `false`";
        }
        return raw == double.class || raw == Double.class ? "number" : "whole number";
    }

    private static String standard(RecordComponent component) {
        String standard = Schema.defaultOf(component);
        if (standard == null) {
            return Schema.isSection(component.getGenericType()) ? "" : "required";
        }
        return "`" + standard + "`";
    }

    private void sections() throws IOException {
        page.append("\n## Sections\n");
        Set<Class<?>> written = new LinkedHashSet<>();
        while (written.size() < sections.size()) { // a section may name further ones
            for (Class<?> section : List.copyOf(sections.keySet())) {
                if (written.add(section)) {
                    page.append("\n### ")
                            .append(String.join("; ", sections.get(section)))
                            .append("\n\n");
                    page.append(docs(section).summary()).append("\n\n");
                    table(section);
                }
            }
        }
    }

    private void noEffects() {
        page.append(
                "\n## Keys of Open-Sora without effect\n\nThey are accepted, and a log line says what replaces them.\n\n");
        page.append("| key | instead |\n|---|---|\n");
        withoutEffect.forEach((key, instead) -> page.append("| `")
                .append(key)
                .append("` | ")
                .append(cell(instead))
                .append(" |\n"));
    }

    private static String cell(String text) {
        return text.replace("|", "\\|");
    }

    private Optional<Path> source(Class<?> section) {
        return Stream.of("spark-jobs", "model", "bucketing")
                .map(module -> root.resolve(module)
                        .resolve("src/main/java")
                        .resolve(section.getName().replace('.', '/') + ".java"))
                .filter(Files::isRegularFile)
                .findFirst();
    }

    private Docs docs(Class<?> section) throws IOException {
        Docs known = docs.get(section);
        if (known == null) {
            known = read(section, source(section).orElseThrow());
            docs.put(section, known);
        }
        return known;
    }

    private static Docs read(Class<?> section, Path source) throws IOException {
        Map<String, String> components = new LinkedHashMap<>();
        String[] summary = {""};
        var compiler = ToolProvider.getSystemJavaCompiler();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
            JavacTask task = (JavacTask)
                    compiler.getTask(null, files, null, List.of("-proc:none"), null, files.getJavaFileObjects(source));
            DocTrees trees = DocTrees.instance(task);
            for (CompilationUnitTree unit : task.parse()) {
                new TreePathScanner<Void, Void>() {
                    @Override
                    public Void visitClass(ClassTree node, Void nothing) {
                        DocCommentTree comment = trees.getDocCommentTree(getCurrentPath());
                        if (comment != null && node.getSimpleName().contentEquals(section.getSimpleName())) {
                            summary[0] = text(section, comment.getFullBody());
                            for (DocTree tag : comment.getBlockTags()) {
                                if (tag instanceof ParamTree parameter && !parameter.isTypeParameter()) {
                                    components.put(
                                            parameter.getName().toString(), text(section, parameter.getDescription()));
                                }
                            }
                        }
                        return super.visitClass(node, null);
                    }
                }.scan(unit, null);
            }
        }
        return new Docs(summary[0], components);
    }

    /** Javadoc as Markdown, with the components of the record under the names of their keys. */
    private static String text(Class<?> section, List<? extends DocTree> trees) {
        String text = trees.stream().map(DocTree::toString).collect(Collectors.joining());
        for (RecordComponent component : section.getRecordComponents()) {
            text = Pattern.compile("(\\{@code [^}]*)\\b" + component.getName() + "\\b")
                    .matcher(text)
                    .replaceAll("$1" + Schema.key(component));
        }
        return text.replaceAll("\\{@(?:code|literal) ([^}]*)}", "`$1`")
                .replaceAll("\\{@link(?:plain)? [^ }]*[.#]?([A-Za-z]+)}", "`$1`")
                .replaceAll("\\s+", " ")
                .strip();
    }
}
