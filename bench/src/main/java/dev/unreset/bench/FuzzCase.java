package dev.unreset.bench;

import dev.unreset.capture.Capture;
import dev.unreset.capture.CaptureException;
import dev.unreset.capture.CaptureOptions;
import dev.unreset.capture.CaptureReport;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Ten minutes of mutated captures: each seed takes one of the captures in a folder, changes bytes
/// of it, perhaps cuts it or repeats its packets, and reads it. What is no [CaptureException], or
/// takes longer than ten seconds, is a find.
final class FuzzCase {

    private static final long MINUTES = 10;
    private static final long MOST_BYTES = 200_000;
    private static final int PCAP_HEADER = 24;

    /// Bytes of a capture that is read in several parts.
    private static final int LONG = 800_000;

    private static final long MOST_SECONDS = 10;
    private static final String HANG = "takes more than " + MOST_SECONDS + " s";

    private FuzzCase() {}

    static void run(Path captures, Path folder) throws IOException, InterruptedException {
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
        boolean hung = false;
        while (!hung && System.nanoTime() < deadline) {
            Files.write(file, mutated(models, seed));
            Optional<String> found = read(file);
            if (found.isPresent()) {
                finds++;
                System.out.println("seed " + seed + ": " + found.get());
            }
            hung = found.filter(HANG::equals).isPresent();
            seed++;
        }
        Files.deleteIfExists(file);
        System.out.printf(
                "%nfuzz: %d models, %s, seeds 0 to %d, %d finds%n",
                models.size(), hung ? "ended at the hang" : MINUTES + " minutes", seed - 1, finds);
    }

    /// What went wrong. A thread that never ends reads the file still: nothing may be written to it
    /// then.
    private static Optional<String> read(Path file) throws InterruptedException {
        FutureTask<CaptureReport> reading =
                new FutureTask<>(() ->
                        Capture.read(
                                List.of(file),
                                InputStream.nullInputStream(),
                                CaptureOptions.usual()));
        Thread.ofPlatform().daemon().start(reading);
        try {
            reading.get(MOST_SECONDS, TimeUnit.SECONDS);
            return Optional.empty();
        } catch (TimeoutException e) {
            return Optional.of(HANG);
        } catch (ExecutionException e) {
            // A capture exception is what it is for.
            return e.getCause() instanceof CaptureException
                    ? Optional.empty()
                    : Optional.of(String.valueOf(e.getCause()));
        }
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
        return switch (random.nextInt(16)) {
            case 0, 1 -> Arrays.copyOf(bytes, random.nextInt(bytes.length));
            case 2 -> again(bytes);
            default -> bytes;
        };
    }

    /// The same packets again and again, until they are several times what is read at once. A
    /// pcapng has its header again each time.
    private static byte[] again(byte[] bytes) {
        boolean pcapng = bytes[0] == 0x0a;
        int header = pcapng ? 0 : Math.min(PCAP_HEADER, bytes.length);
        ByteArrayOutputStream out = new ByteArrayOutputStream(LONG);
        out.write(bytes, 0, header);
        while (header < bytes.length && out.size() < LONG) {
            out.write(bytes, header, bytes.length - header);
        }
        return out.toByteArray();
    }
}
