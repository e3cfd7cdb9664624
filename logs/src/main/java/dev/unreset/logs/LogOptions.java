package dev.unreset.logs;

import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Optional;

/// What of logs is wanted.
///
/// @param around lines within `window` of this time are listed
/// @param client lines that name this address are listed
/// @param rules files of rules of one's own, which are tried with the built-in ones
public record LogOptions(
        Optional<LocalDateTime> around,
        Duration window,
        Optional<String> client,
        List<Path> rules) {

    public LogOptions {
        rules = List.copyOf(rules);
    }

    /// Counts and proofs only.
    public static LogOptions usual() {
        return new LogOptions(
                Optional.empty(), Duration.ofSeconds(30), Optional.empty(), List.of());
    }
}
