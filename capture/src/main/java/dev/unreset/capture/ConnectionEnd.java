package dev.unreset.capture;

import java.util.Locale;

/// How a connection ended, as far as the capture shows.
public enum ConnectionEnd {
    /// Both sides said all they had to say.
    CLOSED,
    /// A RST ended it.
    RESET,
    /// A SYN was answered by a RST.
    REFUSED,
    /// One side repeated itself and nobody answered any more.
    TIMEOUT,
    /// The capture ended before the connection did.
    OPEN,
    /// A RST came that its receiver did not accept: the connection went on.
    REJECTED_RESET;

    /// The word of output and JSON, for example `rejected-reset`.
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
