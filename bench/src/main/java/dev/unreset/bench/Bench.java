package dev.unreset.bench;

import dev.unreset.lab.Rules;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The table of benchmarks: `bench/run [NAME...]`.
public final class Bench {

    private static final int MB = 1_000_000;
    private static final List<Tool> ALL = List.of(Tool.values());
    private static final List<Tool> WITH_CURL = List.of(Tool.UNRESET, Tool.CURL);

    /// Cases that take minutes: only when they are named.
    private static final Set<String> LONG = Set.of("idle", "fuzz", "flows");

    private Bench() {}

    private interface Case {
        void run(Path unreset, Path folder) throws Exception;
    }

    private static Map<String, Case> cases() {
        Map<String, Case> cases = new LinkedHashMap<>();
        add(cases, download("plain", Rules.builder().withoutDigest(), 2000, WITH_CURL));
        add(cases, overTls(download("tls", Rules.builder().withoutDigest(), 2000, WITH_CURL)));
        add(
                cases,
                download("cut", Rules.builder().endAfterBytes(10 * MB).withoutDigest(), 200, ALL));
        add(cases, download("cut-digest", Rules.builder().endAfterBytes(10 * MB), 200, ALL));
        add(cases, download("chance", Rules.builder().endProbability(0.2), 100, ALL));
        add(
                cases,
                once(
                        download(
                                "cut-and-rate",
                                Rules.builder().endAfterBytes(3 * MB).maxRequestRate(2),
                                100,
                                ALL)));
        cases.put("capture", CaptureCase::run);
        cases.put("flows", FlowsCase::run);
        cases.put("fuzz", (unreset, folder) -> FuzzCase.run(Path.of("../shared/captures"), folder));
        cases.put("idle", (unreset, folder) -> IdleCase.run());
        return cases;
    }

    private static DownloadCase download(
            String name, Rules.Builder rules, long megabytes, List<Tool> tools) {
        return new DownloadCase(
                name,
                rules.build(),
                false,
                megabytes * MB,
                tools,
                3,
                Duration.ofMinutes(1),
                List.of());
    }

    private static DownloadCase overTls(DownloadCase plain) {
        return new DownloadCase(
                plain.name(),
                plain.rules(),
                true,
                plain.size(),
                plain.tools(),
                plain.rounds(),
                plain.limit(),
                plain.options());
    }

    /// Peers that never end need their whole limit: one round is enough.
    private static DownloadCase once(DownloadCase many) {
        return new DownloadCase(
                many.name(),
                many.rules(),
                many.tls(),
                many.size(),
                many.tools(),
                1,
                Duration.ofSeconds(60),
                many.options());
    }

    private static void add(Map<String, Case> cases, DownloadCase download) {
        cases.put(download.name(), download::run);
    }

    /// Runs benchmarks.
    ///
    /// @param args the launcher, then the names of the cases to run; none: all but the long ones
    public static void main(String[] args) throws Exception {
        Map<String, Case> cases = cases();
        List<String> wanted = Arrays.asList(args).subList(1, args.length);
        for (String name : wanted) {
            if (!cases.containsKey(name)) {
                System.err.println("bench: '" + name + "' (expected: " + cases.keySet() + ")");
                System.exit(2);
            }
        }
        Path folder = Files.createTempDirectory("unreset-bench");
        try {
            for (Map.Entry<String, Case> each : cases.entrySet()) {
                boolean chosen =
                        wanted.isEmpty()
                                ? !LONG.contains(each.getKey())
                                : wanted.contains(each.getKey());
                if (chosen) {
                    each.getValue().run(Path.of(args[0]), folder);
                }
            }
        } finally {
            Files.deleteIfExists(folder);
        }
    }
}
