package dev.unreset.capture;

/// A connection in numbers, when it left the flow table.
///
/// @param name [FlowTable#name]
/// @param clientRepeated packets of the client that said nothing new
/// @param handshake [FlowTable#handshake]
/// @param serverFinNanos when the server's FIN came, to about a millisecond; 0 if none did
/// @param resetNanos when the first RST came, likewise
/// @param state what [Tracker] saw, in its own bits
record FlowSummary(
        int name,
        Endpoint client,
        Endpoint server,
        long startNanos,
        long endNanos,
        long clientBytes,
        long serverBytes,
        int clientRepeated,
        int serverRepeated,
        int handshake,
        long longestSilenceNanos,
        long serverFinNanos,
        long resetNanos,
        int state) {

    /// By time; of two that began in one moment, the same is first in each process.
    static int inOrder(FlowSummary a, FlowSummary b) {
        int order = Long.compare(a.startNanos, b.startNanos);
        order = order != 0 ? order : a.client.compareTo(b.client);
        return order != 0 ? order : a.server.compareTo(b.server);
    }

    /// The round trip of the handshake; 0 if it was not seen, or its SYN was repeated.
    long roundTripNanos() {
        return FlowTable.roundTripNanos(handshake);
    }

    /// When its handshake was over; when it began, if that was not seen.
    long letInNanos() {
        return startNanos + FlowTable.handshakeNanos(handshake);
    }

    /// When somebody had ended it, or its last packet came.
    long overNanos() {
        return LeftFlows.over(startNanos, endNanos, serverFinNanos, resetNanos);
    }

    boolean established() {
        return Tracker.isEstablished(state);
    }

    /// Whether it may have ended badly: a closer look decides.
    boolean suspicious() {
        return Tracker.isSuspicious(state);
    }

    /// Whether both sides have sent their FIN.
    boolean closed() {
        return Tracker.isClosed(state);
    }

    /// Whether a RST came.
    boolean reset() {
        return Tracker.isReset(state);
    }

    Traffic traffic() {
        return Tracker.traffic(this);
    }
}
