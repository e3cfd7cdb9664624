package dev.unreset.cli;

import dev.unreset.Diagnosis;
import dev.unreset.Evidence;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/// `unreset demo`
@Command(
        name = "demo",
        description =
                "Resets real connections in every way, and shows what a plain client gets, what Unreset gets, and its diagnosis.")
final class DemoCommand implements Callable<Integer> {

    @Override
    public Integer call() throws Exception {
        PrintStream out = System.out;
        long started = System.nanoTime();
        Path folder = Files.createTempDirectory("unreset-demo");
        List<DemoScene> scenes = new ArrayList<>();
        try {
            for (Callable<DemoScene> scene : new Demo(folder).scenes()) {
                scenes.add(scene.call());
                print(out, scenes.size(), scenes.getLast());
            }
        } finally {
            Files.deleteIfExists(folder);
        }
        Duration took = Duration.ofNanos(System.nanoTime() - started);
        close(out, scenes, took);
        boolean held =
                scenes.stream()
                        .allMatch(scene ->
                                scene.lost() == 0 && scene.repeated() == 0 && isRecognised(scene));
        return held ? 0 : Unreset.FAILED;
    }

    private static void print(PrintStream out, int number, DemoScene scene) {
        out.printf("%d. %s (%s)%n", number, scene.cause(), scene.cause().title());
        line(out, "server", scene.server());
        line(out, "plain", scene.plain());
        line(out, "unreset", scene.unreset());
        line(out, "cause", scene.diagnosis().map(DemoCommand::cause).orElse("nothing was seen"));
        scene.diagnosis()
                .flatMap(diagnosis -> diagnosis.evidence().stream().findFirst())
                .map(Evidence::fact)
                .ifPresent(fact -> line(out, "because", fact));
        scene.diagnosis()
                .flatMap(diagnosis -> diagnosis.remedies().stream().findFirst())
                .ifPresent(remedy -> line(out, "remedy", remedy.action()));
        out.println();
        out.flush();
    }

    private static void line(PrintStream out, String name, String text) {
        out.printf("   %-8s %s%n", name, Text.oneLine(text));
    }

    private static String cause(Diagnosis diagnosis) {
        return diagnosis
                .leading()
                .map(leading -> leading.cause() + ", " + Text.percent(leading.probability()))
                .orElse("unknown, " + Text.percent(diagnosis.unknownProbability()));
    }

    private static boolean isRecognised(DemoScene scene) {
        Optional<Diagnosis.RankedCause> leading = scene.diagnosis().flatMap(Diagnosis::leading);
        return leading.filter(ranked -> ranked.cause() == scene.cause()).isPresent();
    }

    private static void close(PrintStream out, List<DemoScene> scenes, Duration took) {
        long recognised = scenes.stream().filter(DemoCommand::isRecognised).count();
        out.printf("%-22s %6s %12s %20s%n", "", "resets", "bytes lost", "requests duplicated");
        for (DemoScene scene : scenes) {
            row(out, scene.cause().name(), scene.ended(), scene.lost(), scene.repeated());
        }
        row(
                out,
                "all",
                scenes.stream().mapToInt(DemoScene::ended).sum(),
                scenes.stream().mapToLong(DemoScene::lost).sum(),
                scenes.stream().mapToInt(DemoScene::repeated).sum());
        out.printf(
                "%n%d of %d causes recognised, in %s.%n",
                recognised, scenes.size(), Text.duration(took));
    }

    private static void row(PrintStream out, String name, int resets, long lost, int repeated) {
        out.printf("%-22s %6d %12d %20d%n", name, resets, lost, repeated);
    }
}
