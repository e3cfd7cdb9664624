package dev.unreset.capture;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/// What both sides of a connection did, in numbers, at the point where it was captured.
///
/// @param began what its first packets were
/// @param roundTrip from the SYN to the acknowledgement of the SYN-ACK; empty if that was not seen,
///   or one of them was repeated
/// @param longestSilence the longest time without any packet, to about a millisecond
public record Traffic(
        Began began,
        Side client,
        Side server,
        Optional<Duration> roundTrip,
        Duration longestSilence) {

    /// What the first packets were.
    public enum Began {
        /// SYN and SYN-ACK.
        HANDSHAKE,
        /// A SYN that no SYN-ACK followed.
        UNANSWERED_SYN,
        /// The connection is older than the capture.
        UNDER_WAY;

        /// In lower case, with hyphens.
        public String label() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /// The state of a side at the end, by what was seen of it (RFC 9293, 3.3.2); a RST is not
    /// counted: it is the state that it found.
    public enum State {
        LISTEN,
        SYN_SENT,
        SYN_RECEIVED,
        ESTABLISHED,
        /// It has sent its FIN, the other side has not.
        FIN_WAIT,
        /// The other side has sent its FIN, this one has not.
        CLOSE_WAIT,
        /// Both have.
        CLOSED;

        /// In lower case, with hyphens.
        public String label() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /// One side.
    ///
    /// @param bytes that it sent, repetitions not counted
    /// @param repeated packets that said nothing new: retransmissions, or packets that came late
    public record Side(State state, long bytes, int repeated) {}
}
