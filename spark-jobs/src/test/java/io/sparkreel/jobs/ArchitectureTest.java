// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import java.util.Map;
import java.util.stream.Collectors;
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
                .resideOutsideOfPackages("io.sparkreel.bucketing.media", "io.sparkreel.bucketing.media.write")
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
}
