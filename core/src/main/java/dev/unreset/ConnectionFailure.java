package dev.unreset;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A connection that could not be opened, or that was lost: the one type to catch for all of them.
///
/// The message is two or three lines: what happened, in which phase, after how many bytes and on
/// which kind of connection; then the most probable cause with its first remedy, where one is
/// known.
public abstract sealed class ConnectionFailure extends IOException {

    private static final long serialVersionUID = 1L;

    private final transient Details details;

    private ConnectionFailure(FailureKind kind, Details details, @Nullable Throwable cause) {
        super(message(kind, details), cause);
        this.details = details;
    }

    /// Everything known of a failure besides its kind.
    ///
    /// @param origin empty where only an exception was seen
    /// @param what the detail that only this failure has, such as the name that was not resolved;
    ///   may be empty
    /// @param attempts every attempt of the exchange, this failure's last; may be empty
    /// @param diagnosis empty where nothing speaks for a cause
    public record Details(
            Optional<Origin> origin,
            Phase phase,
            WireFacts facts,
            String what,
            List<Attempt> attempts,
            Optional<Diagnosis> diagnosis) {

        public Details {
            attempts = List.copyOf(attempts);
        }

        /// Details of a failure of which only the phase is known.
        public static Details in(Phase phase) {
            return new Details(
                    Optional.empty(),
                    phase,
                    WireFacts.notConnected(),
                    "",
                    List.of(),
                    Optional.empty());
        }
    }

    /// The failure of the given kind.
    public static ConnectionFailure of(
            FailureKind kind, Details details, @Nullable Throwable cause) {
        return switch (kind) {
            case RESET -> new Reset(details, cause);
            case REFUSED -> new Refused(details, cause);
            case CONNECT_TIMEOUT -> new ConnectTimeout(details, cause);
            case READ_TIMEOUT -> new ReadTimeout(details, cause);
            case UNREACHABLE -> new Unreachable(details, cause);
            case CLOSED_EARLY -> new ClosedEarly(details, cause);
            case BROKEN_PIPE -> new BrokenPipe(details, cause);
            case ABORTED -> new Aborted(details, cause);
            case TLS_FAILURE -> new TlsFailure(details, cause);
            case STREAM_RESET -> new StreamReset(details, cause);
            case NAME_RESOLUTION -> new NameResolution(details, cause);
        };
    }

    /// The failure that a `Throwable` of any Java client stands for (JDK sockets and NIO, the JDK's
    /// HttpClient, Netty, OkHttp, Apache HttpClient); empty if it is not about a connection.
    ///
    /// Decides by type and errno over the whole chain of causes, by text only as the last resort.
    public static Optional<ConnectionFailure> from(Throwable thrown) {
        return FailureClassifier.classify(thrown);
    }

    public abstract FailureKind kind();

    /// The origin of the request; empty where only an exception was seen.
    public Optional<Origin> origin() {
        return details.origin();
    }

    public Phase phase() {
        return details.phase();
    }

    /// What the failed attempt saw on its connection.
    public WireFacts facts() {
        return details.facts();
    }

    /// Every attempt of the exchange, in order; empty where only an exception was seen.
    public List<Attempt> attempts() {
        return details.attempts();
    }

    /// Why it failed, as far as the attempts tell.
    public Optional<Diagnosis> diagnosis() {
        return details.diagnosis();
    }

    private static String message(FailureKind kind, Details details) {
        StringBuilder text = new StringBuilder(kind.title());
        if (!details.what().isEmpty()) {
            text.append(" (").append(details.what()).append(')');
        }
        details.origin().ifPresent(origin -> text.append(": ").append(origin));
        WireFacts facts = details.facts();
        text.append(" (phase ").append(details.phase().label());
        if (!(facts.end() instanceof End.NotConnected)) {
            text.append(", ").append(facts.bytesWritten()).append(" bytes sent, ");
            text.append(facts.bytesReceived()).append(" received, ").append(connection(facts));
        }
        text.append(')');
        if (details.attempts().size() > 1) {
            text.append(" after ").append(details.attempts().size()).append(" attempts");
        }
        details.diagnosis().flatMap(ConnectionFailure::explanation).ifPresent(text::append);
        return text.toString();
    }

    private static String connection(WireFacts facts) {
        return facts.reused()
                ? String.format(
                        Locale.ROOT,
                        "connection reused, exchange %d after %.1f s idle",
                        facts.exchangeNumber(),
                        facts.idle().toMillis() / 1000.0)
                : "fresh connection";
    }

    private static Optional<String> explanation(Diagnosis diagnosis) {
        return diagnosis
                .leading()
                .map(leading ->
                        String.format(
                                        Locale.ROOT,
                                        "%nmost probable cause: %s (%.0f %%)",
                                        leading.cause().title(),
                                        100 * leading.probability())
                                + diagnosis.remedies().stream()
                                        .findFirst()
                                        .map(remedy -> System.lineSeparator() + remedy.action())
                                        .orElse(""));
    }

    /// The peer, or something between, sent a TCP RST on an open connection.
    public static final class Reset extends ConnectionFailure {
        private static final long serialVersionUID = 1L;

        Reset(Details details, @Nullable Throwable cause) {
            super(FailureKind.RESET, details, cause);
        }

        @Override
        public FailureKind kind() {
            return FailureKind.RESET;
        }
    }

    /// A SYN was answered by RST: nothing listens, or something before the server rejects.
    public static final class Refused extends ConnectionFailure {
        private static final long serialVersionUID = 1L;

        Refused(Details details, @Nullable Throwable cause) {
            super(FailureKind.REFUSED, details, cause);
        }

        @Override
        public FailureKind kind() {
            return FailureKind.REFUSED;
        }
    }

    /// The connection was not established in the time allowed.
    public static final class ConnectTimeout extends ConnectionFailure {
        private static final long serialVersionUID = 1L;

        ConnectTimeout(Details details, @Nullable Throwable cause) {
            super(FailureKind.CONNECT_TIMEOUT, details, cause);
        }

        @Override
        public FailureKind kind() {
            return FailureKind.CONNECT_TIMEOUT;
        }
    }

    /// The peer sent nothing for longer than allowed.
    public static final class ReadTimeout extends ConnectionFailure {
        private static final long serialVersionUID = 1L;

        ReadTimeout(Details details, @Nullable Throwable cause) {
            super(FailureKind.READ_TIMEOUT, details, cause);
        }

        @Override
        public FailureKind kind() {
            return FailureKind.READ_TIMEOUT;
        }
    }

    /// No route to the host or network (ENETUNREACH, EHOSTUNREACH).
    public static final class Unreachable extends ConnectionFailure {
        private static final long serialVersionUID = 1L;

        Unreachable(Details details, @Nullable Throwable cause) {
            super(FailureKind.UNREACHABLE, details, cause);
        }

        @Override
        public FailureKind kind() {
            return FailureKind.UNREACHABLE;
        }
    }

    /// The peer closed in order (FIN) before the response was complete.
    public static final class ClosedEarly extends ConnectionFailure {
        private static final long serialVersionUID = 1L;

        ClosedEarly(Details details, @Nullable Throwable cause) {
            super(FailureKind.CLOSED_EARLY, details, cause);
        }

        @Override
        public FailureKind kind() {
            return FailureKind.CLOSED_EARLY;
        }
    }

    /// A write met a connection that the peer had already ended (EPIPE).
    public static final class BrokenPipe extends ConnectionFailure {
        private static final long serialVersionUID = 1L;

        BrokenPipe(Details details, @Nullable Throwable cause) {
            super(FailureKind.BROKEN_PIPE, details, cause);
        }

        @Override
        public FailureKind kind() {
            return FailureKind.BROKEN_PIPE;
        }
    }

    /// This side ended the connection: closed, cancelled, or past its deadline.
    public static final class Aborted extends ConnectionFailure {
        private static final long serialVersionUID = 1L;

        Aborted(Details details, @Nullable Throwable cause) {
            super(FailureKind.ABORTED, details, cause);
        }

        @Override
        public FailureKind kind() {
            return FailureKind.ABORTED;
        }
    }

    /// The TLS handshake failed, or a TLS alert ended the connection.
    public static final class TlsFailure extends ConnectionFailure {
        private static final long serialVersionUID = 1L;

        TlsFailure(Details details, @Nullable Throwable cause) {
            super(FailureKind.TLS_FAILURE, details, cause);
        }

        @Override
        public FailureKind kind() {
            return FailureKind.TLS_FAILURE;
        }
    }

    /// The peer ended one HTTP/2 stream (RST_STREAM) or refused it (GOAWAY).
    public static final class StreamReset extends ConnectionFailure {
        private static final long serialVersionUID = 1L;

        StreamReset(Details details, @Nullable Throwable cause) {
            super(FailureKind.STREAM_RESET, details, cause);
        }

        @Override
        public FailureKind kind() {
            return FailureKind.STREAM_RESET;
        }
    }

    /// The host name has no address, or no name server answered.
    public static final class NameResolution extends ConnectionFailure {
        private static final long serialVersionUID = 1L;

        NameResolution(Details details, @Nullable Throwable cause) {
            super(FailureKind.NAME_RESOLUTION, details, cause);
        }

        @Override
        public FailureKind kind() {
            return FailureKind.NAME_RESOLUTION;
        }
    }
}
