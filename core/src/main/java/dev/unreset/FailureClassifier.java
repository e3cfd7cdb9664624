package dev.unreset;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Tells which connection failure a `Throwable` of any Java client stands for.
///
/// Three passes over the chain of causes, root first: types that name one kind; errno (Netty's
/// native transports carry it); and for types that say several things, such as `SocketException`,
/// the text. Types of other libraries are known by name, so that this module depends on none of
/// them.
final class FailureClassifier {

    /// Bounds the walk of a chain that refers to itself through a wrapper.
    private static final int MAX_DEPTH = 32;

    /// A kind and the phase in which it mostly comes when nothing else tells.
    private record Verdict(FailureKind kind, Phase phase) {}

    /// Types that mean one thing whatever their text says.
    private static final Map<String, Verdict> BY_TYPE =
            Map.ofEntries(
                    Map.entry(
                            "java.net.UnknownHostException",
                            new Verdict(FailureKind.NAME_RESOLUTION, Phase.RESOLVE)),
                    Map.entry(
                            "java.nio.channels.UnresolvedAddressException",
                            new Verdict(FailureKind.NAME_RESOLUTION, Phase.RESOLVE)),
                    Map.entry(
                            "java.net.NoRouteToHostException",
                            new Verdict(FailureKind.UNREACHABLE, Phase.CONNECT)),
                    Map.entry(
                            "java.net.PortUnreachableException",
                            new Verdict(FailureKind.UNREACHABLE, Phase.SEND)),
                    Map.entry(
                            "java.net.http.HttpConnectTimeoutException",
                            new Verdict(FailureKind.CONNECT_TIMEOUT, Phase.CONNECT)),
                    Map.entry(
                            "io.netty.channel.ConnectTimeoutException",
                            new Verdict(FailureKind.CONNECT_TIMEOUT, Phase.CONNECT)),
                    Map.entry(
                            "org.apache.http.conn.ConnectTimeoutException",
                            new Verdict(FailureKind.CONNECT_TIMEOUT, Phase.CONNECT)),
                    Map.entry(
                            "org.apache.hc.client5.http.ConnectTimeoutException",
                            new Verdict(FailureKind.CONNECT_TIMEOUT, Phase.CONNECT)),
                    Map.entry(
                            "java.net.http.HttpTimeoutException",
                            new Verdict(FailureKind.READ_TIMEOUT, Phase.AWAIT)),
                    Map.entry(
                            "io.netty.handler.timeout.ReadTimeoutException",
                            new Verdict(FailureKind.READ_TIMEOUT, Phase.AWAIT)),
                    Map.entry(
                            "org.apache.http.NoHttpResponseException",
                            new Verdict(FailureKind.CLOSED_EARLY, Phase.AWAIT)),
                    Map.entry(
                            "org.apache.hc.core5.http.NoHttpResponseException",
                            new Verdict(FailureKind.CLOSED_EARLY, Phase.AWAIT)),
                    Map.entry(
                            "org.apache.http.ConnectionClosedException",
                            new Verdict(FailureKind.CLOSED_EARLY, Phase.RECEIVE)),
                    Map.entry(
                            "org.apache.hc.core5.http.ConnectionClosedException",
                            new Verdict(FailureKind.CLOSED_EARLY, Phase.RECEIVE)),
                    Map.entry(
                            "reactor.netty.http.client.PrematureCloseException",
                            new Verdict(FailureKind.CLOSED_EARLY, Phase.AWAIT)),
                    Map.entry(
                            "io.netty.handler.codec.PrematureChannelClosureException",
                            new Verdict(FailureKind.CLOSED_EARLY, Phase.RECEIVE)),
                    Map.entry(
                            "okhttp3.internal.http2.StreamResetException",
                            new Verdict(FailureKind.STREAM_RESET, Phase.RECEIVE)),
                    Map.entry(
                            "okhttp3.internal.http2.ConnectionShutdownException",
                            new Verdict(FailureKind.STREAM_RESET, Phase.AWAIT)),
                    Map.entry(
                            "org.apache.hc.core5.http2.H2StreamResetException",
                            new Verdict(FailureKind.STREAM_RESET, Phase.RECEIVE)),
                    Map.entry(
                            "io.netty.handler.codec.http2.Http2Exception$StreamException",
                            new Verdict(FailureKind.STREAM_RESET, Phase.RECEIVE)),
                    Map.entry(
                            "java.nio.channels.AsynchronousCloseException",
                            new Verdict(FailureKind.ABORTED, Phase.RECEIVE)),
                    Map.entry(
                            "java.nio.channels.ClosedByInterruptException",
                            new Verdict(FailureKind.ABORTED, Phase.RECEIVE)),
                    Map.entry(
                            "javax.net.ssl.SSLHandshakeException",
                            new Verdict(FailureKind.TLS_FAILURE, Phase.TLS)),
                    Map.entry(
                            "javax.net.ssl.SSLPeerUnverifiedException",
                            new Verdict(FailureKind.TLS_FAILURE, Phase.TLS)));

    /// Linux errno, as Netty's `NativeIoException.expectedErr()` gives them (negative).
    private static final Map<Integer, Verdict> BY_ERRNO =
            Map.of(
                    104, new Verdict(FailureKind.RESET, Phase.RECEIVE),
                    111, new Verdict(FailureKind.REFUSED, Phase.CONNECT),
                    110, new Verdict(FailureKind.CONNECT_TIMEOUT, Phase.CONNECT),
                    32, new Verdict(FailureKind.BROKEN_PIPE, Phase.SEND),
                    101, new Verdict(FailureKind.UNREACHABLE, Phase.CONNECT),
                    113, new Verdict(FailureKind.UNREACHABLE, Phase.CONNECT),
                    103, new Verdict(FailureKind.ABORTED, Phase.RECEIVE));

    /// Types whose text decides, for want of an errno. The first pattern found in the text wins.
    private static final Map<String, List<TextRule>> BY_TEXT =
            Map.of(
                    "java.net.ConnectException",
                    List.of(
                            new TextRule("timed out", FailureKind.CONNECT_TIMEOUT, Phase.CONNECT),
                            new TextRule("unreachable", FailureKind.UNREACHABLE, Phase.CONNECT),
                            new TextRule("", FailureKind.REFUSED, Phase.CONNECT)),
                    "java.net.SocketTimeoutException",
                    List.of(
                            new TextRule("connect", FailureKind.CONNECT_TIMEOUT, Phase.CONNECT),
                            new TextRule("", FailureKind.READ_TIMEOUT, Phase.RECEIVE)),
                    "javax.net.ssl.SSLException",
                    List.of(
                            new TextRule("connection reset", FailureKind.RESET, Phase.RECEIVE),
                            new TextRule("broken pipe", FailureKind.BROKEN_PIPE, Phase.SEND),
                            new TextRule(
                                    "closed inbound before receiving peer's close_notify",
                                    FailureKind.CLOSED_EARLY,
                                    Phase.RECEIVE),
                            new TextRule("", FailureKind.TLS_FAILURE, Phase.TLS)),
                    "java.io.EOFException",
                    List.of(new TextRule("", FailureKind.CLOSED_EARLY, Phase.RECEIVE)),
                    "java.io.IOException",
                    List.of(
                            new TextRule("connection reset", FailureKind.RESET, Phase.RECEIVE),
                            new TextRule("forcibly closed", FailureKind.RESET, Phase.RECEIVE),
                            new TextRule("broken pipe", FailureKind.BROKEN_PIPE, Phase.SEND),
                            new TextRule("socket closed", FailureKind.ABORTED, Phase.RECEIVE),
                            new TextRule("connection abort", FailureKind.ABORTED, Phase.RECEIVE),
                            new TextRule("goaway", FailureKind.STREAM_RESET, Phase.AWAIT),
                            new TextRule("rst_stream", FailureKind.STREAM_RESET, Phase.RECEIVE),
                            new TextRule(
                                    "header parser received no bytes",
                                    FailureKind.CLOSED_EARLY,
                                    Phase.AWAIT),
                            new TextRule(
                                    "unexpected end of stream",
                                    FailureKind.CLOSED_EARLY,
                                    Phase.RECEIVE),
                            new TextRule("premature eof", FailureKind.CLOSED_EARLY, Phase.RECEIVE),
                            new TextRule("unreachable", FailureKind.UNREACHABLE, Phase.CONNECT),
                            new TextRule(
                                    "connection refused", FailureKind.REFUSED, Phase.CONNECT)));

    private record TextRule(String fragment, FailureKind kind, Phase phase) {}

    private static final Pattern ERRNO_IN_TEXT = Pattern.compile("error\\((-\\d{1,5})\\)");

    private FailureClassifier() {}

    static Optional<ConnectionFailure> classify(Throwable thrown) {
        List<Throwable> rootFirst = chain(thrown).reversed();
        for (Throwable each : rootFirst) {
            if (each instanceof ConnectionFailure known) {
                return Optional.of(known);
            }
        }
        return firstOf(rootFirst, FailureClassifier::byErrno)
                .or(() -> firstOf(rootFirst, FailureClassifier::byType))
                .or(() -> firstOf(rootFirst, FailureClassifier::byText))
                .map(verdict -> failure(verdict, thrown));
    }

    private interface Rule {
        Optional<Verdict> verdict(Throwable thrown);
    }

    private static Optional<Verdict> firstOf(List<Throwable> rootFirst, Rule rule) {
        return rootFirst.stream().flatMap(each -> rule.verdict(each).stream()).findFirst();
    }

    private static ConnectionFailure failure(Verdict verdict, Throwable thrown) {
        return ConnectionFailure.of(
                verdict.kind(), ConnectionFailure.Details.in(verdict.phase()), thrown);
    }

    private static Optional<Verdict> byType(Throwable thrown) {
        return lookUp(thrown.getClass(), BY_TYPE);
    }

    private static Optional<Verdict> byErrno(Throwable thrown) {
        OptionalInt errno = errno(thrown);
        return errno.isEmpty()
                ? Optional.empty()
                : Optional.ofNullable(BY_ERRNO.get(Math.abs(errno.getAsInt())));
    }

    private static Optional<Verdict> byText(Throwable thrown) {
        String text =
                thrown.getMessage() == null ? "" : thrown.getMessage().toLowerCase(Locale.ROOT);
        return lookUp(thrown.getClass(), BY_TEXT)
                .flatMap(rules ->
                        rules.stream().filter(rule -> text.contains(rule.fragment())).findFirst())
                .map(rule -> new Verdict(rule.kind(), rule.phase()));
    }

    /// The errno that Netty's native transports carry in `NativeIoException.expectedErr()`, or that
    /// Netty writes into the text of its ConnectException: `... failed with error(-111): ...`.
    private static OptionalInt errno(Throwable thrown) {
        for (Class<?> type = thrown.getClass(); type != null; type = type.getSuperclass()) {
            if (type.getName().equals("io.netty.channel.unix.Errors$NativeIoException")) {
                return expectedErr(type, thrown);
            }
        }
        Matcher inText =
                ERRNO_IN_TEXT.matcher(thrown.getMessage() == null ? "" : thrown.getMessage());
        return inText.find()
                ? OptionalInt.of(Integer.parseInt(inText.group(1)))
                : OptionalInt.empty();
    }

    private static OptionalInt expectedErr(Class<?> type, Throwable thrown) {
        try {
            MethodHandle getter =
                    MethodHandles.publicLookup()
                            .findVirtual(type, "expectedErr", MethodType.methodType(int.class));
            return OptionalInt.of((int) getter.invoke(thrown));
        } catch (Throwable _unreadable) {
            // A Netty that hides the number leaves the text to decide.
            return OptionalInt.empty();
        }
    }

    /// What the map holds for the class or its nearest superclass.
    private static <V> Optional<V> lookUp(Class<?> type, Map<String, V> byName) {
        for (@Nullable Class<?> at = type; at != null; at = at.getSuperclass()) {
            V found = byName.get(at.getName());
            if (found != null) {
                return Optional.of(found);
            }
        }
        return Optional.empty();
    }

    private static List<Throwable> chain(Throwable thrown) {
        Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        List<Throwable> chain = new ArrayList<>();
        for (Throwable at = thrown;
                at != null && chain.size() < MAX_DEPTH && seen.add(at);
                at = at.getCause()) {
            chain.add(at);
        }
        return chain;
    }
}
