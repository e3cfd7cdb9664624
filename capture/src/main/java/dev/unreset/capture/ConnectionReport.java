package dev.unreset.capture;

import dev.unreset.Diagnosis;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// One connection: how it ended, who ended it, and why.
///
/// @param client `ip:port`, or `[ip]:port` for IPv6
/// @param server the same
/// @param start when its first packet was seen
/// @param end how it ended
/// @param traffic what both sides did
/// @param file the capture in which its decisive packet is; the first of several
/// @param resetPacket the number of the RST in that file; 0 where there is none
/// @param diagnosis who and why; empty where nothing is wrong
/// @param ladder its last packets, in order
public record ConnectionReport(
        String client,
        String server,
        Instant start,
        ConnectionEnd end,
        Traffic traffic,
        String file,
        long resetPacket,
        Optional<Diagnosis> diagnosis,
        List<Step> ladder) {

    public ConnectionReport {
        ladder = List.copyOf(ladder);
    }

    /// One packet of the ladder.
    ///
    /// @param seconds since the connection's first packet
    /// @param decisive whether it decided how the connection ended
    public record Step(
            String file,
            long packet,
            double seconds,
            boolean fromClient,
            String flags,
            long sequence,
            long acknowledged,
            int length,
            int ttl,
            boolean decisive) {}

    /// Whether somebody should look at it.
    public boolean isProblem() {
        return diagnosis.isPresent();
    }
}
