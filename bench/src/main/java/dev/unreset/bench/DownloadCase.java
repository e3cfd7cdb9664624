package dev.unreset.bench;

import dev.unreset.lab.ConnectionRecord;
import dev.unreset.lab.Content;
import dev.unreset.lab.LabServer;
import dev.unreset.lab.Rules;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// One download under one set of rules, by several tools in turn.
///
/// @param tools Unreset first
/// @param limit a tool that needs longer is ended, and said to have failed
/// @param options more options for Unreset
record DownloadCase(
        String name,
        Rules rules,
        boolean tls,
        long size,
        List<Tool> tools,
        int rounds,
        Duration limit,
        List<String> options) {

    /// What one tool needed in one round.
    private record Round(Measured measured, boolean right, long sent, int connections) {}

    void run(Path unreset, Path folder)
            throws IOException, InterruptedException, NoSuchAlgorithmException {
        System.out.printf(Locale.ROOT, "%n%s: %,d bytes, medians of %d%n", name, size, rounds);
        System.out.printf(
                "  %-8s %9s %9s %12s %8s %11s %s%n",
                "", "seconds", "ratio", "sent/size", "conns", "memory MiB", "content");
        List<List<Round>> results = new ArrayList<>();
        tools.forEach(tool -> results.add(new ArrayList<>()));
        for (int round = 0; round < rounds; round++) {
            for (int i = 0; i < tools.size(); i++) {
                results.get(i).add(round(tools.get(i), unreset, folder));
            }
        }
        double first = median(results.getFirst()).measured().seconds();
        for (int i = 0; i < tools.size(); i++) {
            print(tools.get(i), median(results.get(i)), results.get(i), first);
        }
    }

    private Round round(Tool tool, Path unreset, Path folder)
            throws IOException, InterruptedException, NoSuchAlgorithmException {
        Path file = folder.resolve("content");
        try (LabServer lab = LabServer.start(0, rules, tls, connection -> {})) {
            List<String> command =
                    tool.command(
                            unreset,
                            lab.uri("/bytes/" + size),
                            folder,
                            "content",
                            tls ? Optional.of(lab.certificate()) : Optional.empty(),
                            options);
            Measured measured = Measured.run(command, limit);
            boolean right =
                    measured.status() == 0
                            && Files.exists(file)
                            && Arrays.equals(sha256(file), Content.sha256(0, size));
            List<ConnectionRecord> connections = lab.connections();
            long sent = connections.stream().mapToLong(ConnectionRecord::bodyBytes).sum();
            return new Round(measured, right, sent, connections.size());
        } finally {
            for (String each :
                    List.of("content", "content.part", "content.part.journal", "content.aria2")) {
                Files.deleteIfExists(folder.resolve(each));
            }
        }
    }

    private static Round median(List<Round> rounds) {
        List<Round> sorted = new ArrayList<>(rounds);
        sorted.sort(Comparator.comparingDouble(round -> round.measured().seconds()));
        return sorted.get(sorted.size() / 2);
    }

    private void print(Tool tool, Round median, List<Round> all, double unresetSeconds) {
        long right = all.stream().filter(Round::right).count();
        long memory =
                all.stream().mapToLong(round -> round.measured().residentKib()).max().orElse(0);
        System.out.printf(
                Locale.ROOT,
                "  %-8s %9.2f %9.2f %12.3f %8d %11d %s%n",
                tool.name().toLowerCase(Locale.ROOT),
                median.measured().seconds(),
                unresetSeconds / median.measured().seconds(),
                median.sent() / (double) size,
                median.connections(),
                memory / 1024,
                right == all.size()
                        ? "right"
                        : "not done or wrong in " + (all.size() - right) + " of " + all.size());
    }

    private static byte[] sha256(Path file) throws IOException, NoSuchAlgorithmException {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
            byte[] block = new byte[1 << 16];
            int count = in.read(block);
            while (count >= 0) {
                count = in.read(block);
            }
        }
        return digest.digest();
    }
}
