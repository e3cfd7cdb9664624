package dev.unreset.cli;

import static com.tngtech.archunit.lang.conditions.ArchConditions.not;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import org.junit.jupiter.api.Test;

/// The arrows between the modules, as ARCHITECTURE.md draws them.
class ArchitectureTest {

    private static final JavaClasses UNRESET =
            new ClassFileImporter()
                    .withImportOption(new ImportOption.DoNotIncludeTests())
                    .importPackages("dev.unreset..");

    @Test
    void coreKnowsNobody() {
        classes()
                .that()
                .resideInAPackage("dev.unreset")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage("dev.unreset", "java..", "org.jspecify.annotations")
                .check(UNRESET);
    }

    @Test
    void eachOfTheOthersKnowsOnlyCore() {
        for (String module : new String[] {"client", "explain", "capture", "logs", "lab"}) {
            noClasses()
                    .that()
                    .resideInAPackage("dev.unreset." + module)
                    .should()
                    .dependOnClassesThat(isUnresetBut("dev.unreset", "dev.unreset." + module))
                    .check(UNRESET);
        }
    }

    @Test
    void thereAreNoCycles() {
        slices().matching("dev.unreset.(*)..").should().beFreeOfCycles().check(UNRESET);
    }

    @Test
    void noPublicSignatureShowsALibrary() {
        classes()
                .that()
                .areAssignableTo(Object.class)
                .and()
                .haveModifier(JavaModifier.PUBLIC)
                .and()
                .resideOutsideOfPackage("dev.unreset.cli")
                .should(not(showALibrary()))
                .check(UNRESET);
    }

    private static DescribedPredicate<JavaClass> isUnresetBut(String... allowed) {
        return DescribedPredicate.describe(
                "belong to another module",
                type ->
                        type.getPackageName().startsWith("dev.unreset")
                                && !java.util.List.of(allowed).contains(type.getPackageName()));
    }

    private static ArchCondition<JavaClass> showALibrary() {
        return new ArchCondition<>("show Netty or picocli in a public signature") {
            @Override
            public void check(JavaClass type, ConditionEvents events) {
                for (JavaCodeUnit unit : type.getCodeUnits()) {
                    boolean shown =
                            isVisible(unit)
                                    && (isLibrary(unit.getRawReturnType())
                                            || unit.getRawParameterTypes().stream()
                                                    .anyMatch(ArchitectureTest::isLibrary));
                    if (shown) {
                        events.add(SimpleConditionEvent.satisfied(unit, unit.getFullName()));
                    }
                }
            }
        };
    }

    private static boolean isVisible(JavaCodeUnit unit) {
        return unit.getModifiers().contains(JavaModifier.PUBLIC)
                || unit.getModifiers().contains(JavaModifier.PROTECTED);
    }

    private static boolean isLibrary(JavaClass type) {
        String name = type.getPackageName();
        return name.startsWith("io.netty") || name.startsWith("picocli");
    }
}
