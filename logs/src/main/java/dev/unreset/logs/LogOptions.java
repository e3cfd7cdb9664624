package dev.unreset.logs;

import java.time.Duration;
import java.time.LocalDateTime;
import java.util.Optional;

/// What of logs is wanted.
///
/// @param around lines within `window` of this time are listed
/// @param client lines that name this address are listed
public record LogOptions(Optional<LocalDateTime> around, Duration window, Optional<String> client) {

    /// Counts and proofs only.
    public static LogOptions usual() {
        return new LogOptions(Optional.empty(), Duration.ofSeconds(30), Optional.empty());
    }
}
