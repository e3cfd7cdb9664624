package dev.unreset;

/// What is known of a failed attempt's request: how far it can have come.
///
/// The order is the order of the delivery ladder, from "certainly not executed" to "certainly
/// begun".
public enum Delivery {
    /// No byte of the request left this machine: connect, TLS or lease failed, or nothing was
    /// flushed.
    NEVER_SENT,
    /// The server said that it did not process the request (HTTP/2 GOAWAY or REFUSED_STREAM, 421,
    /// 425).
    REFUSED,
    /// The end came as FIN and the kernel knows that no byte of the request was acknowledged.
    PROVABLY_UNDELIVERED,
    /// Bytes were written and none came back: the request may have been executed.
    UNKNOWN,
    /// A byte of the response was received: the request was executed, at least in part.
    STARTED
}
