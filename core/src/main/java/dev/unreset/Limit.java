package dev.unreset;

import java.util.Locale;

/// The limits that an origin can have, each with its unit.
public enum Limit {
    /// Seconds a connection may be idle.
    IDLE_SECONDS,
    /// Requests a second.
    REQUESTS_PER_SECOND,
    /// Connections open at once.
    CONNECTIONS,
    /// Body bytes of one connection.
    TRANSFER_BYTES,
    /// Seconds of one connection, busy or not.
    TRANSFER_SECONDS,
    /// Requests on one connection.
    REQUESTS_PER_CONNECTION;

    /// The word used in output and JSON, for example `idle-seconds`.
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
