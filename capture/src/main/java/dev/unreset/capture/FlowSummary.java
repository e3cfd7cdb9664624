package dev.unreset.capture;

/// A connection in numbers, when it left the flow table.
///
/// @param flow the number of its record in that table
/// @param clientRepeated packets of the client that said nothing new
/// @param roundTripNanos of the handshake; 0 if it was not seen
/// @param serverFinNanos when the server's FIN came, to about a millisecond; 0 if none did
/// @param state what [Tracker] saw, in its own bits
/// @param suspicious whether it may have ended badly: a closer look decides
record FlowSummary(
        int flow,
        Endpoint client,
        Endpoint server,
        long startNanos,
        long endNanos,
        long clientBytes,
        long serverBytes,
        int clientRepeated,
        int serverRepeated,
        long roundTripNanos,
        long longestSilenceNanos,
        long serverFinNanos,
        int state,
        boolean established,
        boolean suspicious) {

    /// Whether both sides have sent their FIN.
    boolean closed() {
        return Tracker.isClosed(state);
    }

    /// Whether a RST came.
    boolean reset() {
        return Tracker.isReset(state);
    }

    /// Whether it may have ended badly, and not by FINs.
    boolean bad() {
        return suspicious && !closed();
    }

    Traffic traffic() {
        return Tracker.traffic(this);
    }
}
