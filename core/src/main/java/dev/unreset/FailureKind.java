package dev.unreset;

import java.util.Locale;

/// The kinds of connection failure, one for each subtype of [ConnectionFailure].
public enum FailureKind {
    RESET("connection reset"),
    REFUSED("connection refused"),
    CONNECT_TIMEOUT("connect timed out"),
    READ_TIMEOUT("read timed out"),
    UNREACHABLE("host or network unreachable"),
    CLOSED_EARLY("connection closed early"),
    BROKEN_PIPE("broken pipe"),
    ABORTED("connection aborted by this side"),
    TLS_FAILURE("TLS failed"),
    STREAM_RESET("stream reset"),
    NAME_RESOLUTION("host name not resolved");

    private final String title;

    FailureKind(String title) {
        this.title = title;
    }

    /// The kind in a few plain words, for a message.
    public String title() {
        return title;
    }

    /// The word used in JSON, for example `connect-timeout`.
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
