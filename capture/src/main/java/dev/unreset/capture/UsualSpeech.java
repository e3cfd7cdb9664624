package dev.unreset.capture;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// How servers are spoken with: in TLS or not, and which short requests they answered. Who asks for
/// the same, in as few words, said nothing that the server does not understand.
final class UsualSpeech {

    /// Connections of a server that are listened to.
    private static final int MOST = 32;

    /// Fewer bytes do not tell which protocol it is.
    private static final int LEAST_WORDS = 3;

    /// Longer ones are not only a line and a few fields.
    private static final int SHORT = 1200;

    private static final String FOUND = "HTTP/1.1 2";
    private static final int LINE = 256;

    /// @param line the first of the request
    private record Answered(Connection connection, String line) {}

    private static final class Server {
        int connections;
        boolean inTls;
        boolean inPlain;
        final List<Answered> answered = new ArrayList<>(0);
    }

    private final Map<Endpoint, Server> servers = new HashMap<>();

    /// Learns from what was said on `connection`.
    void learn(Connection connection) {
        Server server = servers.computeIfAbsent(connection.server(), key -> new Server());
        if (server.connections++ >= MOST) {
            return;
        }
        Payload said = connection.serverBytes().beginning();
        boolean tls = Framing.isTls(said);
        boolean agreed =
                said.size() >= LEAST_WORDS
                        && tls == Framing.isTls(connection.clientBytes().beginning());
        server.inTls |= agreed && tls;
        server.inPlain |= agreed && !tls;
        if (said.startsWith("HTTP/1.")) {
            learnAnswers(connection, server.answered);
        }
    }

    private static void learnAnswers(Connection connection, List<Answered> answered) {
        String asked = "";
        for (Packet packet : connection.packets()) {
            if (packet.hasData() && packet.fromClient()) {
                asked = line(packet);
            } else if (packet.hasData()) {
                if (!asked.isEmpty() && packet.payload().startsWith(FOUND)) {
                    answered.add(new Answered(connection, asked));
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
                known.inTls |= theirs.inTls;
                known.inPlain |= theirs.inPlain;
                known.answered.addAll(theirs.answered);
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
        String line = line(request);
        Server server = servers.get(connection.server());
        return !line.isEmpty()
                && server != null
                && server.answered.stream()
                        .anyMatch(other ->
                                other.connection() != connection && other.line().equals(line));
    }

    /// Whether two requests ask for the same, or are as long as each other.
    static boolean areAlike(Packet request, Packet other) {
        return request.length() == other.length()
                || (!line(request).isEmpty() && line(request).equals(line(other)));
    }

    /// The first line of a short request for something; empty if it is none.
    private static String line(Packet request) {
        Payload said = request.payload();
        boolean asks = said.startsWith("GET ") || said.startsWith("HEAD ");
        if (!asks || request.length() > SHORT) {
            return "";
        }
        String text = said.text();
        int end = text.indexOf('\r');
        return end < 0 || end > LINE ? "" : text.substring(0, end);
    }
}
