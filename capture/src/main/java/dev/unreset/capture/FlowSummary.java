package dev.unreset.capture;

/// A connection in numbers, when it left the flow table.
///
/// @param suspicious whether it may have ended badly: a closer look decides
record FlowSummary(
        Endpoint client,
        Endpoint server,
        long startNanos,
        long endNanos,
        long clientBytes,
        long serverBytes,
        boolean established,
        boolean closed,
        boolean suspicious) {}
