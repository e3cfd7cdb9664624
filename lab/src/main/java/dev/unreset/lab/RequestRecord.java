package dev.unreset.lab;

/// A request that a lab read, whole or in part.
///
/// @param connection which connection it came on
/// @param executed whether the lab did what was asked: what must not happen twice for a POST
/// @param bodyBytes how many bytes of its body were read
public record RequestRecord(
        int connection,
        String method,
        String target,
        String range,
        String ifRange,
        long bodyBytes,
        boolean executed) {}
