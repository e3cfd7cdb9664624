package dev.unreset.explain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// The collected error texts; skipped, in sight, where they are not.
class KnownTextsTest {

    private static final Path TEXTS = Path.of("../../shared/knowledge/error-texts.tsv");

    @Test
    void kindsAreThoseOfTheTable() throws Exception {
        if (!Files.exists(TEXTS)) {
            System.out.println("SKIPPED: error texts are not in ../shared/knowledge");
        }
        assumeTrue(Files.exists(TEXTS));
        List<String[]> rows = new ArrayList<>();
        // The same text can stand for several kinds: each of them is right.
        Map<String, Set<String>> kinds = new HashMap<>();
        for (String line : Files.readAllLines(TEXTS)) {
            String[] row = line.split("\t", -1);
            if (!row[0].equals("runtime")) {
                rows.add(row);
                kinds.computeIfAbsent(row[3], text -> new HashSet<>()).add(row[1]);
            }
        }
        List<String> wrong = new ArrayList<>();
        int runtimes = 0;
        for (String[] row : rows) {
            Explanation explanation = Explainer.explain(row[3]);
            if (!kinds.getOrDefault(row[3], Set.of()).contains(explanation.kind().label())) {
                wrong.add(row[1] + " " + explanation.kind().label() + " " + row[3]);
            }
            String runtime = explanation.runtime().orElse("");
            runtimes += row[0].contains(runtime) && !runtime.isEmpty() ? 1 : 0;
        }
        System.out.printf(
                "error texts: %d, kind right in %d, runtime in %d%n",
                rows.size(), rows.size() - wrong.size(), runtimes);
        assertThat(wrong).hasSizeLessThanOrEqualTo(rows.size() * 2 / 100);
    }
}
