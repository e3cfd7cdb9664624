package dev.unreset.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// One run of a command.
///
/// @param seconds wall clock, start of the process included
/// @param residentKib its greatest resident memory, in KiB; 0 where there is no `/proc`
record Measured(double seconds, long residentKib, int status) {

    private static final String PEAK = "VmHWM:";

    /// Between two looks at the memory: each takes time of a core that a command may want.
    private static final long LOOK_MILLIS = 50;

    /// Runs `command` to its end, or ends it after `limit`: then the status is -1.
    static Measured run(List<String> command, Duration limit)
            throws IOException, InterruptedException {
        long started = System.nanoTime();
        Process process =
                new ProcessBuilder(command)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start();
        long resident = 0;
        boolean ended = false;
        while (!ended && System.nanoTime() - started < limit.toNanos()) {
            ended = process.waitFor(LOOK_MILLIS, TimeUnit.MILLISECONDS);
            resident = Math.max(resident, residentKib(process.pid()));
        }
        double seconds = (System.nanoTime() - started) / 1e9;
        if (!ended) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().waitFor();
            return new Measured(seconds, resident, -1);
        }
        return new Measured(seconds, resident, process.exitValue());
    }

    private static long residentKib(long pid) {
        try {
            return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
                    .filter(line -> line.startsWith(PEAK))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                    .findFirst()
                    .orElse(0);
        } catch (IOException gone) {
            // It has ended, or this is no Linux.
            return 0;
        }
    }
}
