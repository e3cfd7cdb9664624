package dev.unreset.capture;

import java.util.Optional;

/// How captures are read.
///
/// @param all whether the report has every connection, or those that ended badly
/// @param framing what the clients speak, as `length:u32be,max=1MiB`; empty: as their ports say
public record CaptureOptions(boolean all, Optional<String> framing) {

    /// @throws IllegalArgumentException if the framing cannot be read
    public CaptureOptions {
        framing.ifPresent(UserFraming::parse);
    }

    /// The connections that ended badly.
    public static CaptureOptions usual() {
        return new CaptureOptions(false, Optional.empty());
    }
}
