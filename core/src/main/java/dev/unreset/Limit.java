package dev.unreset;

import java.time.Duration;
import java.util.Locale;

/// The limits that an origin can have, each with its unit.
public enum Limit {
    /// Seconds a connection may be idle.
    IDLE_SECONDS(Duration.ofDays(7)),
    /// Requests a second.
    REQUESTS_PER_SECOND(Duration.ofHours(1)),
    /// Connections open at once.
    CONNECTIONS(Duration.ofHours(1)),
    /// Body bytes of one connection.
    TRANSFER_BYTES(Duration.ofDays(7)),
    /// Seconds of one connection, busy or not.
    TRANSFER_SECONDS(Duration.ofDays(7)),
    /// Requests on one connection.
    REQUESTS_PER_CONNECTION(Duration.ofDays(7));

    private final Duration maxAge;

    Limit(Duration maxAge) {
        this.maxAge = maxAge;
    }

    /// How long a failure counts: settings of a server last for days, load for an hour.
    public Duration maxAge() {
        return maxAge;
    }

    /// The word used in output and JSON, for example `idle-seconds`.
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
