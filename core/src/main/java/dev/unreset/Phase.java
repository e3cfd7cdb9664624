package dev.unreset;

import java.util.Locale;

/// Where in an exchange a failure came.
public enum Phase {
    /// The host name was being resolved.
    RESOLVE,
    /// The TCP connection was being opened.
    CONNECT,
    /// The TLS handshake was running.
    TLS,
    /// The request was being written.
    SEND,
    /// The request was written, no byte of the response had come.
    AWAIT,
    /// The response had begun.
    RECEIVE,
    /// No exchange was running on the connection.
    IDLE;

    /// The lower-case word used in output and JSON, for example `await`.
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
