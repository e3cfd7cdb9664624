package dev.unreset.capture;

/// A connection in numbers, while it leaves the flow table: valid for one call. Of most connections
/// no more than this is ever asked, so that they make no object.
final class LeavingFlow {

    private final FlowTable flows;

    /// @param flows which has the connection selected
    LeavingFlow(FlowTable flows) {
        this.flows = flows;
    }

    Endpoint server() {
        return flows.b();
    }

    /// Which address the client has, as a number; see [LeftFlows.Row#client].
    int client() {
        return flows.hashOfA();
    }

    /// See [FlowTable#handshake].
    int handshake() {
        return flows.handshake();
    }

    long startNanos() {
        return flows.firstNanos();
    }

    long endNanos() {
        return flows.lastNanos();
    }

    long clientBytes() {
        return flows.bytes(0);
    }

    long serverBytes() {
        return flows.bytes(1);
    }

    /// The sequence numbers after the last bytes: the client's in the upper half, the server's in
    /// the lower.
    long sequences() {
        return PacketRows.both(flows.sequence(0), flows.sequence(1));
    }

    long longestSilenceNanos() {
        return flows.longestSilenceNanos();
    }

    /// See [FlowTable#ends].
    long ends() {
        return flows.ends();
    }

    /// What [Tracker] saw, in its own bits.
    int state() {
        return flows.state();
    }

    /// What remains of it.
    FlowSummary summary() {
        return new FlowSummary(
                flows.name(),
                flows.a(),
                flows.b(),
                flows.firstNanos(),
                flows.lastNanos(),
                flows.bytes(0),
                flows.bytes(1),
                flows.repeated(0),
                flows.repeated(1),
                flows.handshake(),
                flows.longestSilenceNanos(),
                FlowTable.finNanos(flows.firstNanos(), flows.ends()),
                FlowTable.resetNanos(flows.firstNanos(), flows.ends()),
                flows.state());
    }
}
