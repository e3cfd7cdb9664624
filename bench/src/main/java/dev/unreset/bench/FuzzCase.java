package dev.unreset.bench;

import dev.unreset.capture.Capture;
import dev.unreset.capture.CaptureException;
import dev.unreset.capture.CaptureOptions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/// Ten minutes of mutated captures: each seed takes one of the captures in a folder, changes bytes
/// of it, and reads it. What is no [CaptureException], or takes longer than ten seconds, is a find.
final class FuzzCase {

    private static final long MINUTES = 10;
    private static final long MOST_BYTES = 200_000;
    private static final long SLOW_NANOS = TimeUnit.SECONDS.toNanos(10);

    private FuzzCase() {}

    static void run(Path captures, Path folder) throws IOException {
        List<byte[]> models = new ArrayList<>();
        try (var files = Files.walk(captures)) {
            for (Path file : files.filter(FuzzCase::isModel).sorted().toList()) {
                models.add(Files.readAllBytes(file));
            }
        }
        Path file = folder.resolve("mutated");
        long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(MINUTES);
        long seed = 0;
        int finds = 0;
        while (System.nanoTime() < deadline) {
            Files.write(file, mutated(models, seed));
            long started = System.nanoTime();
            try {
                Capture.read(List.of(file), InputStream.nullInputStream(), CaptureOptions.usual());
            } catch (CaptureException said) {
                // That is what it is for.
            } catch (RuntimeException | Error crash) {
                finds++;
                System.out.println("seed " + seed + ": " + crash);
            }
            if (System.nanoTime() - started > SLOW_NANOS) {
                finds++;
                System.out.println("seed " + seed + ": took more than 10 s");
            }
            seed++;
        }
        Files.deleteIfExists(file);
        System.out.printf(
                "%nfuzz: %d models, %d minutes, seeds 0 to %d, %d finds%n",
                models.size(), MINUTES, seed - 1, finds);
    }

    private static boolean isModel(Path file) {
        try {
            String name = file.toString();
            return Files.isRegularFile(file)
                    && (name.endsWith(".pcap")
                            || name.endsWith(".pcapng")
                            || name.endsWith(".trace"))
                    && Files.size(file) <= MOST_BYTES;
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static byte[] mutated(List<byte[]> models, long seed) {
        Random random = new Random(seed);
        byte[] bytes = models.get(random.nextInt(models.size())).clone();
        if (bytes.length == 0) {
            return bytes;
        }
        int changes = 1 + random.nextInt(32);
        for (int i = 0; i < changes; i++) {
            int at =
                    random.nextInt(
                            random.nextBoolean() ? bytes.length : Math.min(bytes.length, 200));
            bytes[at] =
                    (byte)
                            switch (random.nextInt(4)) {
                                case 0 -> 0;
                                case 1 -> 0xff;
                                case 2 -> bytes[at] ^ 1 << random.nextInt(8);
                                default -> random.nextInt(256);
                            };
        }
        return random.nextInt(8) == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length)) : bytes;
    }
}
