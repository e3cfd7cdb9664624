package dev.unreset.client;

import dev.unreset.Delivery;
import dev.unreset.End;
import dev.unreset.WireFacts;

/// Decides from the wire facts how far the request of a failed attempt can have come.
///
/// It replaces the guess by method that other clients make. The first rung that fits wins:
///
/// 1. never sent: no byte was given to the kernel;
/// 2. refused: HTTP/2 said so (GOAWAY, REFUSED_STREAM; RFC 9113, 6.8 and 8.7);
/// 3. started: a byte of the response was received;
/// 4. provably undelivered: the end came as FIN, and the peer's kernel had acknowledged no byte of
///    the request. Its kernel would have acknowledged what came before it sent the FIN. Never
///    concluded from RST: there the acknowledgement may simply not have been processed;
/// 5. unknown: everything else.
final class DeliveryLadder {

    /// HTTP/2 REFUSED_STREAM (RFC 9113, section 7).
    private static final long REFUSED_STREAM = 0x7;

    private DeliveryLadder() {}

    /// @param finProof whether rung 4 may be used with this server
    static Delivery delivery(WireFacts facts, boolean finProof) {
        if (facts.bytesWritten() == 0) {
            return Delivery.NEVER_SENT;
        }
        if (isRefusal(facts.end())) {
            return Delivery.REFUSED;
        }
        if (facts.bytesReceived() > 0) {
            return Delivery.STARTED;
        }
        if (finProof
                && isOrderlyClose(facts.end())
                && facts.bytesAcked().isPresent()
                && facts.bytesAcked().getAsLong() == 0) {
            return Delivery.PROVABLY_UNDELIVERED;
        }
        return Delivery.UNKNOWN;
    }

    private static boolean isRefusal(End end) {
        return switch (end) {
            case End.GoAway goAway -> true;
            case End.RstStream stream -> stream.errorCode() == REFUSED_STREAM;
            case End.Open open -> false;
            case End.NotConnected notConnected -> false;
            case End.Fin fin -> false;
            case End.Rst rst -> false;
            case End.Epipe epipe -> false;
            case End.CloseNotify closeNotify -> false;
            case End.Timeout timeout -> false;
            case End.Local local -> false;
        };
    }

    private static boolean isOrderlyClose(End end) {
        return end instanceof End.Fin || end instanceof End.CloseNotify;
    }
}
