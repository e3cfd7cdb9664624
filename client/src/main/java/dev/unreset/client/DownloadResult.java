package dev.unreset.client;

import dev.unreset.Diagnosis;
import dev.unreset.OriginProfile;
import dev.unreset.Phase;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// How a download ended.
///
/// @param file the file, or what would have been it
/// @param failure why it is not complete, in one or two lines; empty if it is
/// @param bytes length of the content, or what is there of it
/// @param received body bytes received in this run, those that were thrown away included
/// @param sha256 hexadecimal SHA-256 of the content; empty if it was not asked for
/// @param connections how many connections were opened
/// @param diagnosis why connections were lost; empty if none was
public record DownloadResult(
        URI uri,
        Path file,
        Optional<String> failure,
        long bytes,
        long received,
        Duration took,
        Optional<String> sha256,
        int connections,
        List<PartAttempt> attempts,
        Optional<Diagnosis> diagnosis,
        OriginProfile profile) {

    /// One request for a part of the content.
    ///
    /// @param from offset of the first byte asked for
    /// @param to offset after the last byte received
    /// @param end how it ended: `complete`, or the label of the [dev.unreset.End] that was seen
    public record PartAttempt(
            long connection,
            long from,
            long to,
            long received,
            Duration took,
            String end,
            Phase phase) {}

    public boolean isComplete() {
        return failure.isEmpty();
    }
}
