package dev.unreset.capture;

import dev.unreset.Cause;
import dev.unreset.Evidence;
import java.util.Optional;
import java.util.function.Supplier;

/// Connections that a server took and ended at once: without an answer, or with a few words that
/// nobody had asked for.
final class Dismissals {

    /// The words that send a client away are no more.
    private static final int MOST_BYTES = 1024;

    /// In place of a greeting of SMTP (RFC 5321, 4.2.3) or FTP.
    private static final String NOT_AVAILABLE = "421 ";

    private final Facts facts;
    private final Neighbours neighbours;
    private final RoundTrips roundTrips;

    Dismissals(Facts facts, Neighbours neighbours, RoundTrips roundTrips) {
        this.facts = facts;
        this.neighbours = neighbours;
        this.roundTrips = roundTrips;
    }

    /// Whether `end` came within a second of the start, but for the ways there and back.
    private boolean isYoung(Story story, Packet end) {
        FlowSummary summary = story.connection().summary();
        long way = roundTrips.least(summary.server(), end.vantage());
        return end.nanos() - neighbours.arrivedNanos(summary) - 2 * way < Idle.LEAST_NANOS;
    }

    /// Whether the server ended a connection soon after it had begun and without any answer, while
    /// it served others; or with no more than it says to whoever comes, where a limit tells whom.
    ///
    /// @param others that were open, at least; or two that were like it, within a minute
    boolean wasTurnedAway(Story story, Packet end, int others) {
        FlowSummary summary = story.connection().summary();
        boolean everAnswered =
                story.connection().uncapturedBefore(end).own() > 0
                        || Packets.any(
                                story.before(end),
                                packet -> !packet.fromClient() && packet.hasData());
        if (everAnswered) {
            Connection connection = story.connection();
            return isYoung(story, end)
                    && LastWords.of(connection, LastWords.message(connection)).isEmpty()
                    && neighbours.admissions().limitAfterPreamble(summary).isPresent();
        }
        return isYoung(story, end)
                && (others == 0
                        || neighbours.admissions().limit(summary).isPresent()
                        || neighbours.outlasting(summary, end.nanos()) >= others
                        || neighbours.servedAlikeBefore(summary) >= 2);
    }

    /// Why the server ended a connection before it had said anything.
    ///
    /// @param what it did
    /// @param other a cause that this leaves possible
    /// @param upon gives the reason where the client's request may be it
    Evidence turnedAway(
            Story story, Packet end, String what, Cause other, Supplier<Evidence> upon) {
        FlowSummary summary = story.connection().summary();
        Optional<Admission> found =
                neighbours
                        .admissions()
                        .limit(summary)
                        .or(() -> neighbours.admissions().limitAfterPreamble(summary));
        if (found.isPresent()) {
            return found.get().evidence(facts, end);
        }
        long open = neighbours.outlasting(summary, end.nanos());
        if (open > 0 && !neighbours.servedBeside(summary.server(), open)) {
            return facts.of(end, what + ", while " + others(open) + " stayed open")
                    .weighs(Cause.CONNECTION_LIMIT, 24)
                    .weighs(Cause.RATE_LIMIT, 10)
                    .weighs(other, 8);
        }
        boolean atTimes = neighbours.admissions().isGoneAtTimes(summary.server());
        // Of whoever goes on, it is there what is behind the server.
        boolean presence =
                atTimes
                        && (open <= 0
                                || !neighbours.livesThrough(
                                        summary.server(), end.nanos(), end.nanos()));
        Optional<Evidence> among =
                presence ? Optional.empty() : amongThoseServed(summary, end, what, other, open);
        if (among.isPresent()) {
            return among.get();
        }
        if (presence || neighbours.servesNobody(summary.server())) {
            return facts.of(
                            end,
                            what
                                    + (presence ? ", as others for a while" : ", as all others")
                                    + ": what is behind it is down")
                    .weighs(Cause.SERVER_RESTART, 20)
                    .weighs(Cause.CONNECTION_LIMIT, 16)
                    .weighs(other, other == Cause.SERVER_RESTART ? 0 : 8);
        }
        if (atTimes) {
            return facts.of(end, what + ", as others for a while, and " + open + " stayed open")
                    .weighs(Cause.CONNECTION_LIMIT, 20)
                    .weighs(Cause.RATE_LIMIT, 16)
                    .weighs(Cause.SERVER_RESTART, 14);
        }
        boolean asked = Pauses.lastSpeech(story, end).filter(Packet::fromClient).isPresent();
        return asked
                ? upon.get()
                : facts.of(end, what)
                        .weighs(Cause.CONNECTION_LIMIT, 22)
                        .weighs(Cause.RATE_LIMIT, 10)
                        .weighs(other, 6);
    }

    private static String others(long count) {
        return count + (count == 1 ? " other" : " others");
    }

    /// What is to be said where others that were like it were served, just before or in turns.
    ///
    /// @param open others of the server that stayed open
    private Optional<Evidence> amongThoseServed(
            FlowSummary summary, Packet end, String what, Cause other, long open) {
        long alike = neighbours.servedAlikeLately(summary);
        boolean inTurns =
                !neighbours.admissions().wouldShowALimit(summary.server())
                        && neighbours.alternates(summary.server());
        int own = neighbours.fullFor(summary, end.nanos());
        if (own > 0 && alike >= 2) {
            return Optional.of(
                    facts.of(
                                    end,
                                    what
                                            + ", while "
                                            + others(own)
                                            + " of its client stayed open: beside as many the server turns it away")
                            .weighs(Cause.CONNECTION_LIMIT, 22)
                            .weighs(Cause.RATE_LIMIT, 19)
                            .weighs(other, 8));
        }
        if (alike >= 2 || inTurns) {
            // Some that hold a limit's places may not have been captured.
            boolean beside = open >= 2;
            return Optional.of(
                    facts.of(end, what + ", while others like it were served within two seconds")
                            .weighs(Cause.RATE_LIMIT, beside ? 22 : 24)
                            .weighs(Cause.CONNECTION_LIMIT, beside ? 19 : 12)
                            .weighs(other, 8));
        }
        boolean said = summary.clientBytes() > 0;
        return (said || open <= 0) && neighbours.servedAlikeBefore(summary) >= (said ? 2 : 3)
                ? Optional.of(
                        facts.of(
                                        end,
                                        what
                                                + ", although others like it were served within a minute")
                                .weighs(Cause.RATE_LIMIT, 20)
                                .weighs(Cause.CONNECTION_LIMIT, 12)
                                .weighs(Cause.SERVER_RESTART, 10)
                                .weighs(other, 10))
                : Optional.empty();
    }

    /// Whether all that the server ever did was to say a few words, before it had heard any, and to
    /// end the connection with them. Words whose meaning is known, and greetings, are none. Of what
    /// takes the place of a greeting, the code tells that it is no answer to a client that did not
    /// wait for it.
    boolean wasSentAway(Story story, Packet end) {
        Optional<Packet> instead =
                Packets.first(story.before(end), packet -> packet.hasData() && !packet.fromClient())
                        .filter(packet -> packet.payload().startsWith(NOT_AVAILABLE));
        Packet words = instead.orElseGet(() -> Pauses.partingWords(story, end));
        return words.hasData()
                && story.hasHandshake()
                && story.connection().uncapturedBefore(words).isNothing()
                && story.connection().uncapturedBefore(end).isNothing()
                && (instead.isPresent() || !Packets.any(story.before(words), Packet::hasData))
                && end.nanos() - words.nanos() <= ServerResets.AT_ONCE
                && isYoung(story, end)
                && story.connection().summary().serverBytes() <= MOST_BYTES
                && Protocol.greeting(words.payload()).isEmpty()
                && LastWords.of(story.connection(), LastWords.message(story.connection()))
                        .isEmpty();
    }

    /// A greeting is followed by a conversation; words that are not say that there will be none. A
    /// client that is not let in meets none of the causes.
    Evidence sentAway(Story story, Packet end, String how) {
        if (LastWords.denyAccess(LastWords.message(story.connection()))) {
            return facts.of(end, "the server said that it does not let this client in, and " + how);
        }
        long open = neighbours.outlasting(story.connection().summary(), end.nanos());
        return facts.of(
                        end,
                        "the server said a few words that nobody had asked for, and "
                                + how
                                + " at once"
                                + (open > 0 ? ", while others stayed open" : ""))
                .weighs(Cause.CONNECTION_LIMIT, open > 0 ? 24 : 18)
                .weighs(Cause.RATE_LIMIT, 14)
                .weighs(Cause.SERVER_RESTART, 10);
    }
}
