package dev.unreset;

/// Why a connection was lost.
public enum Cause {
    /// The server crashed, was killed or restarted.
    SERVER_RESTART("server crash or restart"),
    /// More connections were open than the server or something before it allows.
    CONNECTION_LIMIT("connection limit"),
    /// The connection was idle for longer than somebody on the path keeps it.
    IDLE_TIMEOUT("idle timeout"),
    /// A firewall, NAT, load balancer or injector ended the connection by its own decision.
    MIDDLEBOX("firewall, NAT, load balancer or injected reset"),
    /// The bytes broke the protocol or its framing, or the request was too large.
    PROTOCOL_VIOLATION("protocol or framing violation"),
    /// Requests or connections came faster than is allowed.
    RATE_LIMIT("rate limit"),
    /// The server ends a connection after so many bytes or seconds of transfer.
    TRANSFER_LIMIT("transfer limit"),
    /// Our own side ended the connection.
    CLIENT_ABORT("abort by the client"),
    /// Nothing listens on the port: refused, not reset.
    PORT_CLOSED("nothing listens on the port");

    private final String title;

    Cause(String title) {
        this.title = title;
    }

    /// The cause in a few plain words, lower case.
    public String title() {
        return title;
    }
}
