package dev.unreset;

import java.time.Duration;
import java.util.OptionalInt;
import java.util.OptionalLong;

/// What one attempt saw on its connection.
///
/// Byte counts are of this attempt alone, at the TCP level (so TLS records count in full).
///
/// @param bytesWritten handed to the kernel
/// @param bytesAcked acknowledged by the peer's kernel when the end was seen (TCP_INFO
///   `tcpi_bytes_acked`, RFC 4898 tcpEStatsAppHCThruOctetsAcked); empty where the platform cannot
///   tell
/// @param bytesReceived received from the peer
/// @param age time since the connection was established
/// @param idle time the connection had been idle when this attempt began; zero on a fresh
///   connection
/// @param exchangeNumber which exchange of the connection this was; 1 on a fresh connection
/// @param end how the end came
/// @param errno the platform's error number, where there was one
public record WireFacts(
        long bytesWritten,
        OptionalLong bytesAcked,
        long bytesReceived,
        Duration age,
        Duration idle,
        int exchangeNumber,
        End end,
        OptionalInt errno) {

    public WireFacts {
        requireNotNegative("bytesWritten", bytesWritten);
        requireNotNegative("bytesAcked", bytesAcked.orElse(0));
        requireNotNegative("bytesReceived", bytesReceived);
        requireNotNegative("age", age.toNanos());
        requireNotNegative("idle", idle.toNanos());
        if (exchangeNumber < 1) {
            throw new IllegalArgumentException(
                    "exchangeNumber: " + exchangeNumber + " (expected: >= 1)");
        }
    }

    /// The facts of an attempt that never had a connection.
    public static WireFacts notConnected() {
        return new WireFacts(
                0,
                OptionalLong.empty(),
                0,
                Duration.ZERO,
                Duration.ZERO,
                1,
                new End.NotConnected(),
                OptionalInt.empty());
    }

    /// Whether the connection had served an exchange before this one.
    public boolean reused() {
        return exchangeNumber > 1;
    }

    private static void requireNotNegative(String name, long value) {
        if (value < 0) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: >= 0)");
        }
    }
}
