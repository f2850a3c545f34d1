// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The rules that keep the modules apart. */
class ArchitectureTest {
    private static final String BUCKETING = "io.sparkreel.bucketing..";
    private static final String MODEL = "io.sparkreel.model..";
    private static final String JOBS = "io.sparkreel.jobs..";
    private static final String[] SPARK = {
        "org.apache.spark..", "org.apache.hadoop..", "org.apache.parquet..", "scala.."
    };

    private static JavaClasses classes;

    @BeforeAll
    static void read() {
        classes = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("io.sparkreel");
        for (String module : new String[] {"bucketing.media", "model.torch", "jobs.config"}) {
            assertTrue(classes.containPackage("io.sparkreel." + module), module + " was not read");
        }
    }

    @Test
    void bucketingKnowsNeitherSparkNorTensorsNorTheOtherModules() {
        noClasses()
                .that()
                .resideInAPackage(BUCKETING)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(SPARK)
                .orShould()
                .dependOnClassesThat()
                .resideInAnyPackage("ai.djl..", "com.sun.jna..", MODEL, JOBS)
                .check(classes);
    }

    @Test
    void theModelKnowsNeitherSparkNorMediaNorTheOtherModules() {
        noClasses()
                .that()
                .resideInAPackage(MODEL)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(SPARK)
                .orShould()
                .dependOnClassesThat()
                .resideInAnyPackage("org.bytedeco..", BUCKETING, JOBS)
                .check(classes);
    }

    @Test
    void onlyTheTorchPackageKnowsTheTensorLibrary() {
        noClasses()
                .that()
                .resideOutsideOfPackage("io.sparkreel.model.torch")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "ai.djl.pytorch..", "ai.djl.ndarray..", "ai.djl.engine..", "ai.djl.nn..", "ai.djl.training..")
                .check(classes);
    }

    @Test
    void onlyTheMediaPackagesKnowFFmpeg() {
        noClasses()
                .that()
                .resideOutsideOfPackages(
                        "io.sparkreel.bucketing.media",
                        "io.sparkreel.bucketing.media.frame",
                        "io.sparkreel.bucketing.media.write")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.bytedeco..")
                .check(classes);
    }

    @Test
    void configurationIsTheOnlyPlaceThatReadsYaml() {
        classes()
                .that()
                .resideOutsideOfPackage("io.sparkreel.jobs.config.reader")
                .should()
                .onlyDependOnClassesThat()
                .resideOutsideOfPackages("com.fasterxml.jackson.dataformat..", "org.yaml..")
                .check(classes);
    }

    @Test
    void noPackagesFormACircle() {
        SlicesRuleDefinition.slices()
                .matching("io.sparkreel.(**)")
                .should()
                .beFreeOfCycles()
                .check(classes);
    }

    @Test
    void everyPackageCanBeSurveyed() {
        Map<String, Long> files = classes.stream()
                .filter(type -> type.isTopLevelClass())
                .collect(Collectors.groupingBy(JavaClass::getPackageName, Collectors.counting()));
        files.remove("io.sparkreel.model.collective.ring"); // one closed thing, whose parts trust each other
        files.forEach((name, count) -> assertTrue(count <= 30, name + " has " + count + " files"));
    }

    /** A family is one folder and its registration: nothing else names it, and so another one can take its place. */
    @Test
    void nobodyNamesAFamilyOrAProcess() throws IOException {
        assertEquals(
                List.of(),
                mainFiles("family/stdit2", Pattern.compile("Stdit2|family\\.stdit2")),
                "files that name the family STDiT2");
        assertEquals(
                List.of(),
                mainFiles(
                        "process/iddpm",
                        Pattern.compile("(?i)NoiseSchedule|DiffusionLoss|variational|process\\.iddpm")),
                "files that name the process IDDPM");
    }

    /** Main files outside a folder of the model in which a pattern is found. */
    private static List<String> mainFiles(String folder, Pattern pattern) throws IOException {
        Path root = Path.of(System.getProperty("project.root"));
        List<String> found = new ArrayList<>();
        for (String module : List.of("bucketing", "model", "spark-jobs")) {
            try (Stream<Path> files = Files.walk(root.resolve(module).resolve("src/main/java"))) {
                for (Path file : files.filter(path -> path.toString().endsWith(".java"))
                        .sorted()
                        .toList()) {
                    if (!file.toString().contains("/model/" + folder + "/")
                            && pattern.matcher(Files.readString(file)).find()) {
                        found.add(root.relativize(file).toString());
                    }
                }
            }
        }
        return found;
    }
}
