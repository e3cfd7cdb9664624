package dev.unreset.client;

import dev.unreset.Cause;
import dev.unreset.End;
import dev.unreset.Evidence;
import dev.unreset.Phase;
import dev.unreset.Place;
import dev.unreset.Sender;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// What a failed attempt speaks for, in decibans. All weights of the client stand here.
final class Symptoms {

    private Symptoms() {}

    /// What went on at the same origin.
    ///
    /// @param otherConnections how many other connections were open
    /// @param acceptedLately how many requests were accepted during the last second
    /// @param answeredBefore whether the origin had ever answered in this session
    record Surroundings(int otherConnections, int acceptedLately, boolean answeredBefore) {}

    static List<Evidence> of(WireBroken.Loss loss, int attempt, Surroundings around) {
        Place place = new Place.OfAttempt(attempt);
        List<Evidence> evidence = new ArrayList<>();
        switch (loss.kind()) {
            case REFUSED -> evidence.add(refused(place, around));
            case CONNECT_TIMEOUT, UNREACHABLE -> evidence.add(noWay(loss, place));
            case TLS_FAILURE -> evidence.add(tls(loss, place));
            case ABORTED -> evidence.add(aborted(loss, place));
            case READ_TIMEOUT -> evidence.add(silent(place));
            case RESET, CLOSED_EARLY, BROKEN_PIPE -> evidence.addAll(ended(loss, place, around));
            case STREAM_RESET, NAME_RESOLUTION -> {}
        }
        return evidence;
    }

    private static Evidence refused(Place place, Surroundings around) {
        return around.answeredBefore()
                ? Evidence.of("connection refused by a server that had answered before", place)
                        .weighs(Cause.SERVER_RESTART, 20)
                        .weighs(Cause.PORT_CLOSED, 5)
                : Evidence.of("connection refused, and never answered before", place)
                        .weighs(Cause.PORT_CLOSED, 22)
                        .weighs(Cause.SERVER_RESTART, 8);
    }

    private static Evidence noWay(WireBroken.Loss loss, Place place) {
        return Evidence.of(loss.kind().title() + ": no answer to the SYN", place)
                .weighs(Cause.MIDDLEBOX, 10)
                .weighs(Cause.PORT_CLOSED, 3);
    }

    private static Evidence tls(WireBroken.Loss loss, Place place) {
        return Evidence.of("TLS failed: " + loss.what(), place)
                .weighs(Cause.PROTOCOL_VIOLATION, 18);
    }

    private static Evidence aborted(WireBroken.Loss loss, Place place) {
        return loss.what().isEmpty()
                ? Evidence.of("this side ended the connection", place)
                        .weighs(Cause.CLIENT_ABORT, 25)
                : Evidence.of(loss.what(), place).weighs(Cause.PROTOCOL_VIOLATION, 22);
    }

    private static Evidence silent(Place place) {
        return Evidence.of("the peer went silent without ending the connection", place)
                .weighs(Cause.MIDDLEBOX, 6)
                .weighs(Cause.SERVER_RESTART, 4);
    }

    private static List<Evidence> ended(WireBroken.Loss loss, Place place, Surroundings around) {
        List<Evidence> evidence = new ArrayList<>();
        boolean nothingCame = loss.facts().bytesReceived() == 0;
        if (loss.facts().end() instanceof End.Rst) {
            evidence.add(Evidence.of("the end came as RST", place).weighs(Sender.SERVER, 4));
        }
        if (nothingCame && loss.facts().reused()) {
            evidence.add(reuse(loss, place));
        } else if (nothingCame && around.otherConnections() > 0) {
            evidence.add(crowd(place, around));
        } else if (nothingCame && around.acceptedLately() > 0) {
            evidence.add(haste(place, around));
        } else if (nothingCame) {
            evidence.add(turnedAway(loss, place));
        } else {
            evidence.add(cut(loss, place));
        }
        return evidence;
    }

    private static Evidence reuse(WireBroken.Loss loss, Place place) {
        double idleSeconds = loss.facts().idle().toMillis() / 1000.0;
        String fact =
                String.format(
                        Locale.ROOT,
                        "a reused connection failed before any answer, after %.1f s idle",
                        idleSeconds);
        return idleSeconds < 0.5
                ? Evidence.of(fact, place)
                        .weighs(Cause.SERVER_RESTART, 8)
                        .weighs(Cause.IDLE_TIMEOUT, 2)
                : Evidence.of(fact, place)
                        .weighs(Cause.IDLE_TIMEOUT, 22)
                        .weighs(Cause.SERVER_RESTART, 6);
    }

    /// A connection in the pool was ended by the peer.
    static Evidence endedIdle(Duration idle) {
        return Evidence.of(
                        String.format(
                                Locale.ROOT,
                                "the server ended a connection that had been idle for %.1f s",
                                idle.toMillis() / 1000.0),
                        new Place.Whole("the connection pool"))
                .weighs(Cause.IDLE_TIMEOUT, 20)
                .weighs(Cause.SERVER_RESTART, 6);
    }

    private static Evidence crowd(Place place, Surroundings around) {
        return Evidence.of(
                        "a fresh connection was ended without an answer while "
                                + around.otherConnections()
                                + " others were open",
                        place)
                .weighs(Cause.CONNECTION_LIMIT, 16)
                .weighs(Cause.RATE_LIMIT, 8);
    }

    private static Evidence haste(Place place, Surroundings around) {
        return Evidence.of(
                        "a fresh connection was ended without an answer, "
                                + around.acceptedLately()
                                + " requests having been accepted during the second before",
                        place)
                .weighs(Cause.RATE_LIMIT, 18)
                .weighs(Cause.CONNECTION_LIMIT, 4);
    }

    private static Evidence turnedAway(WireBroken.Loss loss, Place place) {
        String fact =
                "a fresh connection was ended without an answer, in phase " + loss.phase().label();
        return loss.phase() == Phase.TLS
                ? Evidence.of(fact, place)
                        .weighs(Cause.MIDDLEBOX, 8)
                        .weighs(Cause.PROTOCOL_VIOLATION, 6)
                : Evidence.of(fact, place)
                        .weighs(Cause.SERVER_RESTART, 4)
                        .weighs(Cause.MIDDLEBOX, 3)
                        .weighs(Cause.PROTOCOL_VIOLATION, 3);
    }

    private static Evidence cut(WireBroken.Loss loss, Place place) {
        return Evidence.of(
                        String.format(
                                Locale.ROOT,
                                "cut after %d bytes and %.1f s of the connection, in the middle of the response",
                                loss.facts().bytesReceived(),
                                loss.facts().age().toMillis() / 1000.0),
                        place)
                .weighs(Cause.TRANSFER_LIMIT, 4)
                .weighs(Cause.SERVER_RESTART, 3)
                .weighs(Cause.MIDDLEBOX, 2);
    }

    /// Connections that are cut again and again at the same point.
    static Evidence transferLimit(TransferLimit.Found found) {
        return Evidence.of(
                        "three connections in a row were cut after " + found,
                        new Place.Whole("all attempts"))
                .weighs(Cause.TRANSFER_LIMIT, 28);
    }

    /// Connections that are cut at no regular point.
    static Evidence irregularCuts(int cuts) {
        return Evidence.of(
                        cuts
                                + " connections were cut in the middle of responses, at no regular point, while new ones were accepted",
                        new Place.Whole("all attempts"))
                .weighs(Cause.MIDDLEBOX, 12);
    }

    /// A final answer that came before the request was sent whole: the server wants no more of it.
    static Optional<Evidence> cutShort(int status, boolean requestSent, int attempt) {
        return requestSent || status < 400
                ? Optional.empty()
                : Optional.of(
                        Evidence.of(
                                        "status "
                                                + status
                                                + " came before the request was sent whole",
                                        new Place.OfAttempt(attempt))
                                .weighs(Cause.PROTOCOL_VIOLATION, 25));
    }
}
