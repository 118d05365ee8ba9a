package io.neurojoule;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.Architectures.LayeredArchitecture;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// The table of ARCHITECTURE.md: who may use whom.
class ArchitectureTest {
    private static final String ROOT = "io.neurojoule.";
    private static final Map<String, List<String>> MAY_USE = mayUse();
    private static final JavaClasses CORE = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.neurojoule");

    private static Map<String, List<String>> mayUse() {
        Map<String, List<String>> table = new LinkedHashMap<>();
        table.put("time", List.of());
        table.put("plugin", List.of());
        table.put("ffm", List.of());
        table.put("graph", List.of());
        table.put("sensor", List.of("time", "ffm"));
        table.put("workload", List.of("time", "plugin", "ffm", "graph"));
        table.put("recording", List.of("time", "sensor", "workload"));
        table.put("analysis", List.of("sensor", "workload", "recording"));
        table.put("experiment", List.of("time", "plugin", "sensor", "workload", "recording", "analysis"));
        table.put(
                "profile",
                List.of("time", "plugin", "ffm", "sensor", "workload", "recording", "analysis", "experiment"));
        table.put("report", List.of("analysis", "recording", "sensor"));
        return table;
    }

    @Test
    void everyRoomUsesOnlyWhatTheTableAllows() {
        LayeredArchitecture layers =
                layeredArchitecture().consideringOnlyDependenciesInLayers().withOptionalLayers(true);
        for (String room : MAY_USE.keySet()) {
            layers = layers.layer(room).definedBy(ROOT + room + "..");
        }
        for (Map.Entry<String, List<String>> row : MAY_USE.entrySet()) {
            layers = row.getValue().isEmpty()
                    ? layers.whereLayer(row.getKey()).mayNotAccessAnyLayer()
                    : layers.whereLayer(row.getKey())
                            .mayOnlyAccessLayers(row.getValue().toArray(String[]::new));
        }

        layers.check(CORE);
    }

    @Test
    void everyClassHasARoom() {
        classes()
                .should()
                .resideInAnyPackage(MAY_USE.keySet().stream()
                        .map(room -> ROOT + room + "..")
                        .toArray(String[]::new))
                .check(CORE);
    }

    @Test
    void roomsHaveNoCycles() {
        slices().matching(ROOT + "(*)..").should().beFreeOfCycles().check(CORE);
    }

    @Test
    void noSensorUsesAnotherSensor() {
        slices().matching(ROOT + "sensor.(*)..")
                .should()
                .notDependOnEachOther()
                .allowEmptyShould(true)
                .check(CORE);
    }

    @Test
    void onlyTimeReadsClocks() {
        noClasses()
                .that()
                .resideOutsideOfPackage(ROOT + "time..")
                .should()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .check(CORE);
    }

    @Test
    void coreNeitherPrintsNorExits() {
        noClasses()
                .should()
                .callMethod(System.class, "exit", int.class)
                .orShould()
                .accessField(System.class, "out")
                .check(CORE);
    }

    @Test
    void onlyFfmAndSensorsTouchForeignMemory() {
        noClasses()
                .that()
                .resideOutsideOfPackages(ROOT + "ffm..", ROOT + "sensor..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("java.lang.foreign")
                .check(CORE);
    }
}
