package dev.unreset.capture;

import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// How servers are spoken with: in TLS, in HTTP or otherwise, and which short requests they
/// answered. Who asks for the same, in as few words, said nothing that the server does not
/// understand.
final class UsualSpeech {

    /// Connections of a server that are listened to.
    private static final int MOST = 32;

    /// Longer ones are not only a line and a few fields.
    private static final int SHORT = 1200;

    private static final int LINE = 256;

    /// Where protocols say how long a message is, at least.
    private static final int LENGTH_BYTES = 2;

    private static final Pattern HOST =
            Pattern.compile("\r\nhost:[^\r]*", Pattern.CASE_INSENSITIVE);

    /// What can be told apart by the first bytes.
    private enum Kind {
        TLS("TLS"),
        HTTP("HTTP"),
        HTTP2("HTTP/2"),
        PROXIED("the PROXY protocol"),
        OTHER("another protocol");

        private final String words;

        Kind(String words) {
            this.words = words;
        }

        static Kind of(Payload said) {
            if (Framing.isProxied(said)) {
                return PROXIED;
            }
            if (Framing.isTls(said)) {
                return TLS;
            }
            if (said.startsWith(Protocol.HTTP2_PREFACE)) {
                return HTTP2;
            }
            return HttpFraming.isRequest(said) || HttpFraming.isAnswer(said) ? HTTP : OTHER;
        }
    }

    private static final class Server {
        int connections;
        final Set<Kind> kinds = EnumSet.noneOf(Kind.class);

        /// Whether it conversed with somebody who began with a method of HTTP, and not in HTTP.
        boolean takesMethodsOtherwise;

        /// By what was asked for; empty where it was on several connections.
        final Map<String, Optional<Connection>> answered = new HashMap<>(0);
    }

    private final Map<Endpoint, Server> servers = new HashMap<>();

    /// Learns from what was said on `connection`, of which all packets are there.
    void learn(Connection connection) {
        Server server = servers.computeIfAbsent(connection.server(), key -> new Server());
        if (server.connections++ >= MOST) {
            return;
        }
        Payload said = connection.serverBytes().beginning();
        Payload asked = connection.clientBytes().beginning();
        boolean spoke =
                Packets.any(connection.packets(), Packet::isSynAck)
                        && Math.min(said.size(), asked.size()) >= Framing.TELLS_PROTOCOL;
        boolean agreed =
                switch (Kind.of(asked)) {
                    case PROXIED -> true;
                    case HTTP2 -> HttpFraming.beginsHttp2(said);
                    case TLS, HTTP, OTHER -> Kind.of(said) == Kind.of(asked);
                };
        if (spoke && agreed && !HttpFraming.isError(said)) {
            server.kinds.add(Kind.of(asked));
        }
        if (HttpFraming.isAnswer(said)) {
            learnAnswers(connection, server.answered);
        }
        server.takesMethodsOtherwise |=
                spoke
                        && connection.answers() > 1
                        && HttpFraming.isRequest(asked)
                        && !HttpFraming.isAnswer(said);
        connection.forgetBytes();
    }

    private static void learnAnswers(
            Connection connection, Map<String, Optional<Connection>> answered) {
        String asked = "";
        for (Packet packet : connection.packets()) {
            if (packet.hasData() && packet.fromClient()) {
                asked = asked(packet);
            } else if (packet.hasData()) {
                if (!asked.isEmpty() && HttpFraming.isAnswer(packet.payload(), 2)) {
                    answered.merge(
                            asked,
                            Optional.of(connection),
                            (known, another) -> known.equals(another) ? known : Optional.empty());
                }
                asked = "";
            }
        }
    }

    /// Takes over what `others` know.
    void add(UsualSpeech others) {
        others.servers.forEach((endpoint, theirs) -> {
            Server known = servers.putIfAbsent(endpoint, theirs);
            if (known != null) {
                known.kinds.addAll(theirs.kinds);
                known.takesMethodsOtherwise |= theirs.takesMethodsOtherwise;
                theirs.answered.forEach((asked, where) ->
                        known.answered.merge(asked, where, (one, other) -> Optional.empty()));
            }
        });
    }

    /// Whether all clients that the server answered speak TLS.
    boolean isTls(Endpoint server) {
        Server known = servers.get(server);
        return known != null && known.kinds.equals(EnumSet.of(Kind.TLS));
    }

    /// How the client of a connection on which the server said nothing speaks otherwise than all
    /// others do; empty if it does not, or if that is not known.
    Optional<String> unlikeOthers(Connection connection) {
        Payload client = connection.clientBytes().beginning();
        Server server = servers.get(connection.server());
        boolean silent =
                connection.serverBytes().isEmpty() && client.size() >= Framing.TELLS_PROTOCOL;
        if (!silent || server == null || server.kinds.size() != 1) {
            return Optional.empty();
        }
        Kind others = server.kinds.iterator().next();
        Kind own = Kind.of(client);
        // A server of HTTP tells who says something else that it does not understand.
        boolean wouldBeTold = own == Kind.OTHER && others == Kind.HTTP;
        return own == others || wouldBeTold
                ? Optional.empty()
                : Optional.of(
                        "this client speaks "
                                + own.words
                                + ", others with this server "
                                + (others == Kind.OTHER ? "do not" : others.words));
    }

    /// Whether methods of HTTP are commands of another protocol with this server: it has conversed
    /// with somebody who began with one, and not in HTTP, and with nobody in HTTP, as far as it was
    /// listened to.
    boolean takesMethodsOtherwise(Endpoint server) {
        Server known = servers.get(server);
        return known != null && known.takesMethodsOtherwise && !known.kinds.contains(Kind.HTTP);
    }

    /// Whether another client, or the same on another connection, was given what `request` asks
    /// for.
    boolean wasAnsweredElsewhere(Connection connection, Packet request) {
        String asked = asked(request);
        Server server = servers.get(connection.server());
        Optional<Connection> where =
                asked.isEmpty() || server == null
                        ? Optional.of(connection)
                        : server.answered.getOrDefault(asked, Optional.of(connection));
        return where.isEmpty() || where.get() != connection;
    }

    /// Whether two requests ask for the same, or are as long as each other and begin alike: many
    /// protocols begin with a length.
    static boolean areAlike(Packet request, Packet other) {
        return (request.length() == other.length()
                        && request.payload().beginsAs(other.payload(), LENGTH_BYTES))
                || (!asked(request).isEmpty() && asked(request).equals(asked(other)));
    }

    /// The first line of a short request for something, and of whom; empty if it is none.
    private static String asked(Packet request) {
        if (request.length() > SHORT) {
            return "";
        }
        Payload said = request.payload();
        if (!said.startsWith("GET ") && !said.startsWith("HEAD ")) {
            return "";
        }
        String text = said.text();
        int end = text.indexOf('\r');
        if (end < 0 || end > LINE) {
            return "";
        }
        Matcher host = HOST.matcher(text);
        return text.substring(0, end) + (host.find() ? host.group() : "");
    }
}
