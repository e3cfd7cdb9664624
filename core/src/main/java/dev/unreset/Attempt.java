package dev.unreset;

import java.time.Duration;
import java.time.Instant;

/// One try of an exchange on one connection.
///
/// @param number 1 for the first attempt of the exchange
/// @param connection names the connection within its session; 0 if there was none
/// @param phase how far the attempt came
public record Attempt(
        int number,
        long connection,
        Instant started,
        Duration took,
        Phase phase,
        WireFacts facts,
        Outcome outcome) {

    /// How an attempt ended.
    public sealed interface Outcome {
        /// A response came, whole or as far as the caller wanted it.
        record Answered(int status) implements Outcome {}

        /// The connection failed.
        record Failed(FailureKind kind, Delivery delivery) implements Outcome {}
    }
}
