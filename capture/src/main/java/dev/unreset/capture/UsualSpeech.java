package dev.unreset.capture;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// How servers are spoken with: in TLS or not, and which short requests they answered. Who asks for
/// the same, in as few words, said nothing that the server does not understand.
final class UsualSpeech {

    /// Connections of a server that are listened to.
    private static final int MOST = 32;

    /// Fewer bytes do not tell which protocol it is.
    private static final int LEAST_WORDS = 3;

    /// Longer ones are not only a line and a few fields.
    private static final int SHORT = 1200;

    private static final String ANSWER = "HTTP/1.";
    private static final int STATUS = 9;
    private static final int LINE = 256;
    private static final Pattern HOST =
            Pattern.compile("\r\nhost:[^\r]*", Pattern.CASE_INSENSITIVE);

    private static final class Server {
        int connections;
        boolean inTls;
        boolean inPlain;

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
        boolean http = said.startsWith(ANSWER);
        if (Packets.any(connection.packets(), Packet::isSynAck)) {
            server.inTls |= Framing.isTls(said) && Framing.isTls(asked);
            boolean plain = http || Framing.greeting(said).isPresent();
            server.inPlain |= plain && asked.size() >= LEAST_WORDS && !Framing.isTls(asked);
        }
        if (http) {
            learnAnswers(connection, server.answered);
        }
        connection.forgetBytes();
    }

    private static void learnAnswers(
            Connection connection, Map<String, Optional<Connection>> answered) {
        String asked = "";
        for (Packet packet : connection.packets()) {
            if (packet.hasData() && packet.fromClient()) {
                asked = asked(packet);
            } else if (packet.hasData()) {
                if (!asked.isEmpty() && isFound(packet.payload())) {
                    answered.merge(
                            asked,
                            Optional.of(connection),
                            (known, another) -> known.equals(another) ? known : Optional.empty());
                }
                asked = "";
            }
        }
    }

    private static boolean isFound(Payload said) {
        return said.startsWith(ANSWER) && said.size() > STATUS && said.at(STATUS) == '2';
    }

    /// Takes over what `others` know.
    void add(UsualSpeech others) {
        others.servers.forEach((endpoint, theirs) -> {
            Server known = servers.putIfAbsent(endpoint, theirs);
            if (known != null) {
                known.inTls |= theirs.inTls;
                known.inPlain |= theirs.inPlain;
                theirs.answered.forEach((asked, where) ->
                        known.answered.merge(asked, where, (one, other) -> Optional.empty()));
            }
        });
    }

    /// How the client of a connection on which the server said nothing speaks otherwise than all
    /// others do; empty if it does not, or if that is not known.
    Optional<String> unlikeOthers(Connection connection) {
        Payload client = connection.clientBytes().beginning();
        Server server = servers.get(connection.server());
        boolean silent = connection.serverBytes().isEmpty() && client.size() >= LEAST_WORDS;
        if (!silent || server == null || server.inTls == server.inPlain) {
            return Optional.empty();
        }
        if (server.inTls == Framing.isTls(client)) {
            return Optional.empty();
        }
        return Optional.of(
                server.inTls
                        ? "others speak TLS with this server, this client does not"
                        : "this client speaks TLS, others with this server do not");
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

    /// Whether two requests ask for the same, or are as long as each other.
    static boolean areAlike(Packet request, Packet other) {
        return request.length() == other.length()
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
