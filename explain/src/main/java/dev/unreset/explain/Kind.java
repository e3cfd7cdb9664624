package dev.unreset.explain;

import java.util.Locale;

/// What kind of failure an error text tells of.
public enum Kind {
    RESET,
    REFUSED,
    CONNECT_TIMEOUT,
    READ_TIMEOUT,
    UNREACHABLE,
    CLOSED_EARLY,
    BROKEN_PIPE,
    ABORTED,
    TLS_FAILURE,
    STREAM_RESET,
    NAME_RESOLUTION,
    /// This machine has no more files, ports or pooled connections.
    LOCAL_LIMIT,
    PROTOCOL_VIOLATION,
    /// Near a connection, and none of these.
    OTHER,
    /// Nothing to do with connections.
    NONE;

    /// The word of output and JSON, for example `closed-early`.
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    static Kind of(String label) {
        return valueOf(label.toUpperCase(Locale.ROOT).replace('-', '_'));
    }
}
