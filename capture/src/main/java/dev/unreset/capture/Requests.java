package dev.unreset.capture;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// What clients asked for by HTTP and were given: who asks for the same, in as few words, said
/// nothing that the server does not understand.
final class Requests {

    /// Longer ones are not only a line and a few fields.
    private static final int SHORT = 1200;

    private static final String FOUND = "HTTP/1.1 2";
    private static final int LINE = 256;

    /// @param line the first of the request
    private record Answered(Connection connection, String line) {}

    private final Map<Endpoint, List<Answered>> answered = new HashMap<>();

    /// @param connections all that are looked at
    Requests(List<Connection> connections) {
        connections.forEach(this::learn);
    }

    private void learn(Connection connection) {
        if (!connection.serverBytes().beginning().startsWith("HTTP/1.")) {
            return;
        }
        String asked = "";
        for (Packet packet : connection.packets()) {
            if (packet.hasData() && packet.fromClient()) {
                asked = line(packet);
            } else if (packet.hasData()) {
                if (!asked.isEmpty() && packet.payload().startsWith(FOUND)) {
                    answered.computeIfAbsent(connection.server(), key -> new ArrayList<>())
                            .add(new Answered(connection, asked));
                }
                asked = "";
            }
        }
    }

    /// Whether another client, or the same on another connection, was given what `request` asks
    /// for.
    boolean wasAnsweredElsewhere(Connection connection, Packet request) {
        String line = line(request);
        return !line.isEmpty()
                && answered.getOrDefault(connection.server(), List.of()).stream()
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
