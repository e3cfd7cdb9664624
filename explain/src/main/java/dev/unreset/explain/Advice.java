package dev.unreset.explain;

import dev.unreset.Cause;
import dev.unreset.Evidence;
import dev.unreset.Phase;
import dev.unreset.Place;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What to say of each kind: meaning, what it is not, causes, questions, and the fix.
final class Advice {

    private Advice() {}

    static String meaning(Kind kind) {
        return switch (kind) {
            case RESET ->
                    "The other side, or something between, ended the open connection with a TCP RST.";
            case REFUSED ->
                    "The attempt to connect was answered by a reset: nothing listens on that port, or a firewall says no.";
            case CONNECT_TIMEOUT -> "Nobody answered the attempt to connect in time.";
            case READ_TIMEOUT -> "The connection is open, but the other side sent nothing in time.";
            case UNREACHABLE -> "There is no way to that address: routing or the network is down.";
            case CLOSED_EARLY ->
                    "The other side closed the connection in order, before the answer was complete.";
            case BROKEN_PIPE ->
                    "This side wrote to a connection that the other side had ended before.";
            case ABORTED ->
                    "This side ended the connection itself: cancelled, closed or timed out.";
            case TLS_FAILURE -> "The TLS handshake failed, or TLS ended without its farewell.";
            case STREAM_RESET ->
                    "The other side ended one HTTP/2 stream, or said goodbye (GOAWAY).";
            case NAME_RESOLUTION -> "The host name has no address, or no name server answered.";
            case LOCAL_LIMIT ->
                    "This machine or this program has used up files, ports, buffers or pooled connections.";
            case PROTOCOL_VIOLATION ->
                    "The other side answered, but not in the protocol that was spoken to it.";
            case OTHER -> "This is near a connection, but tells of something else than its end.";
            case NONE -> "This has nothing to do with connections.";
        };
    }

    static String notThat(Kind kind) {
        return switch (kind) {
            case RESET, BROKEN_PIPE, CLOSED_EARLY ->
                    "The server is not down: the connection was open before it ended. A timeout would be silence, a refusal would come at once on connect.";
            case REFUSED ->
                    "It is not a reset: no connection was ever open. The host is up, and it answered.";
            case CONNECT_TIMEOUT ->
                    "It is not refused: nobody said no. Packets are dropped on the way, or the host is down or overloaded.";
            case READ_TIMEOUT ->
                    "The server is not down: it accepted the connection and is silent.";
            case TLS_FAILURE -> "TCP works: the connection was open when TLS failed.";
            case STREAM_RESET ->
                    "The TCP connection was not reset: only this stream, or new ones, are refused.";
            case NAME_RESOLUTION -> "No server was asked for anything yet.";
            case LOCAL_LIMIT -> "The server is not to blame.";
            case UNREACHABLE, ABORTED, PROTOCOL_VIOLATION, OTHER, NONE -> "";
        };
    }

    static List<Evidence> evidence(Kind kind, Optional<Phase> phase, boolean reused) {
        Place place = new Place.Line("text", 1);
        List<Evidence> evidence = new ArrayList<>();
        if (reused) {
            evidence.add(
                    Evidence.of("the connection had been used before", place)
                            .weighs(Cause.IDLE_TIMEOUT, 14)
                            .weighs(Cause.SERVER_RESTART, 6));
        }
        switch (kind) {
            case RESET ->
                    evidence.add(
                            Evidence.of("an open connection was reset", place)
                                    .weighs(Cause.SERVER_RESTART, 11)
                                    .weighs(Cause.IDLE_TIMEOUT, 10)
                                    .weighs(Cause.MIDDLEBOX, 9)
                                    .weighs(Cause.CONNECTION_LIMIT, 8)
                                    .weighs(Cause.RATE_LIMIT, 7)
                                    .weighs(Cause.PROTOCOL_VIOLATION, 7)
                                    .weighs(
                                            Cause.TRANSFER_LIMIT,
                                            phase.filter(Phase.RECEIVE::equals).isPresent()
                                                    ? 9
                                                    : 2));
            case BROKEN_PIPE, CLOSED_EARLY ->
                    evidence.add(
                            Evidence.of("the other side closed first", place)
                                    .weighs(Cause.IDLE_TIMEOUT, 11)
                                    .weighs(Cause.SERVER_RESTART, 11)
                                    .weighs(Cause.PROTOCOL_VIOLATION, 8)
                                    .weighs(Cause.CONNECTION_LIMIT, 7)
                                    .weighs(
                                            Cause.TRANSFER_LIMIT,
                                            phase.filter(Phase.RECEIVE::equals).isPresent()
                                                    ? 9
                                                    : 2));
            case REFUSED ->
                    evidence.add(
                            Evidence.of("refused on connect", place)
                                    .weighs(Cause.PORT_CLOSED, 20)
                                    .weighs(Cause.SERVER_RESTART, 14)
                                    .weighs(Cause.MIDDLEBOX, 8));
            case CONNECT_TIMEOUT, UNREACHABLE ->
                    evidence.add(
                            Evidence.of("no answer to the attempt to connect", place)
                                    .weighs(Cause.MIDDLEBOX, 18)
                                    .weighs(Cause.CONNECTION_LIMIT, 10)
                                    .weighs(Cause.SERVER_RESTART, 8));
            case ABORTED ->
                    evidence.add(
                            Evidence.of("this side ended it", place)
                                    .weighs(Cause.CLIENT_ABORT, 28));
            case TLS_FAILURE, PROTOCOL_VIOLATION ->
                    evidence.add(
                            Evidence.of("the two sides do not understand each other", place)
                                    .weighs(Cause.PROTOCOL_VIOLATION, 22)
                                    .weighs(Cause.MIDDLEBOX, 12));
            case STREAM_RESET ->
                    evidence.add(
                            Evidence.of("the server refuses a stream", place)
                                    .weighs(Cause.SERVER_RESTART, 12)
                                    .weighs(Cause.RATE_LIMIT, 12)
                                    .weighs(Cause.CONNECTION_LIMIT, 9));
            case READ_TIMEOUT ->
                    evidence.add(
                            Evidence.of("silence on an open connection", place)
                                    .weighs(Cause.MIDDLEBOX, 10)
                                    .weighs(Cause.IDLE_TIMEOUT, 9)
                                    .weighs(Cause.CONNECTION_LIMIT, 8));
            case NAME_RESOLUTION, LOCAL_LIMIT, OTHER, NONE -> {}
        }
        return evidence;
    }

    static List<String> questions(Kind kind) {
        return switch (kind) {
            case RESET, BROKEN_PIPE, CLOSED_EARLY ->
                    List.of(
                            "Does it come on the first request of a fresh connection, or after a pause? After a pause: idle timeout.",
                            "Does it come always after about the same bytes or seconds? Then: transfer limit.",
                            "Does it come only when many connections or requests run at once? Then: connection or rate limit.",
                            "Does the server's log show a restart, a crash or an out-of-memory kill at that time?",
                            "Does it go away without the proxy or VPN? Then: something between.");
            case REFUSED ->
                    List.of(
                            "Does the service run, and on which address does it listen (ss -ltn)?",
                            "Was it restarted at that moment?");
            case CONNECT_TIMEOUT, UNREACHABLE ->
                    List.of(
                            "Do other hosts reach it?",
                            "Does a firewall or security group drop the port?");
            case READ_TIMEOUT ->
                    List.of("How long does the server take for this request by itself?");
            case TLS_FAILURE ->
                    List.of("Is it the TLS port? Is there a proxy that opens TLS between?");
            case NAME_RESOLUTION -> List.of("Does the name resolve elsewhere (getent hosts NAME)?");
            case LOCAL_LIMIT ->
                    List.of(
                            "How many sockets are open (ss -s), and what is the limit (ulimit -n)?");
            case STREAM_RESET ->
                    List.of(
                            "Which error code does the server give: NO_ERROR (restart), ENHANCE_YOUR_CALM (rate), REFUSED_STREAM (load)?");
            case ABORTED, PROTOCOL_VIOLATION, OTHER, NONE -> List.of();
        };
    }

    /// Settings or code for the runtime and client.
    static String fix(Kind kind, Optional<Phase> phase, String runtime, String client) {
        return switch (kind) {
            case NAME_RESOLUTION ->
                    "Check the name, the resolver (/etc/resolv.conf) and, in containers, the service name.";
            case LOCAL_LIMIT ->
                    "Reuse and close connections; raise the limit of open files (ulimit -n) or of the pool.";
            case REFUSED ->
                    "Check host and port, start the service, and retry with growing delays if it restarts.";
            case ABORTED ->
                    "Look for a timeout, a cancelled task or a close in your own code before the answer was read.";
            case NONE, OTHER -> "";
            case TLS_FAILURE ->
                    "Check the port and the certificate: openssl s_client -connect HOST:PORT -servername HOST.";
            case PROTOCOL_VIOLATION ->
                    "Check the port and the protocol (TLS or plain, HTTP or not), and that lengths are written and read whole.";
            case RESET,
                    CLOSED_EARLY,
                    BROKEN_PIPE,
                    CONNECT_TIMEOUT,
                    READ_TIMEOUT,
                    UNREACHABLE,
                    STREAM_RESET ->
                    sample(phase, runtime, client)
                            .map(name -> Reference.sample(name).strip())
                            .orElse(
                                    "Reuse connections for less time than the idle limit, and repeat idempotent requests after 1 s, 2 s, 4 s with jitter.");
        };
    }

    /// The code sample of the reference that fits.
    private static Optional<String> sample(Optional<Phase> phase, String runtime, String client) {
        boolean body = phase.filter(Phase.RECEIVE::equals).isPresent();
        return switch (runtime) {
            case "Python" ->
                    Optional.of(
                            switch (client) {
                                case "httpx" -> "python-httpx-session.py";
                                case "aiohttp" -> "python-aiohttp-session.py";
                                case "urllib", "http.client" -> "python-urllib-retry.py";
                                case "psycopg2", "psycopg" -> "python-postgresql.py";
                                default -> "python-requests-session.py";
                            });
            case "Node.js" ->
                    Optional.of(
                            client.equals("http") ? "node-http-agent.mjs" : "node-fetch-retry.mjs");
            case "Java" ->
                    Optional.of(
                            switch (client) {
                                case "JDK HttpClient" -> "java-httpclient-retry.java";
                                case "MySQL Connector/J",
                                        "MariaDB Connector/J",
                                        "PostgreSQL JDBC",
                                        "HikariCP" ->
                                        "java-pool.properties";
                                default ->
                                        body
                                                ? "java-unreset-download.java"
                                                : "java-unreset-session.java";
                            });
            case "Go" -> Optional.of("go-transport.go");
            case ".NET" -> Optional.of("dotnet-httpclient.cs");
            case "Ruby" -> Optional.of("ruby-net-http.rb");
            case "PHP" -> Optional.of("php-curl.php");
            case "curl" -> Optional.of(body ? "curl-resume.sh" : "curl-retry.sh");
            case "wget", "aria2" -> Optional.of("unreset-get.sh");
            case "git" -> Optional.of("git-fetch.sh");
            case "OpenSSH" -> Optional.of("ssh-config.txt");
            case "nginx" -> Optional.of("nginx-proxy.conf");
            case "HAProxy" -> Optional.of("haproxy-proxy.cfg");
            case "PostgreSQL" -> Optional.of("python-postgresql.py");
            default -> Optional.empty();
        };
    }

    static String next(Kind kind, Optional<String> target) {
        String host = target.orElse("HOST");
        return switch (kind) {
            case RESET, CLOSED_EARLY, BROKEN_PIPE, CONNECT_TIMEOUT, READ_TIMEOUT, REFUSED ->
                    "tcpdump -U -w - 'tcp and host "
                            + host.replaceFirst(":\\d+$", "")
                            + "' | unreset capture -";
            case TLS_FAILURE,
                    STREAM_RESET,
                    PROTOCOL_VIOLATION,
                    UNREACHABLE,
                    NAME_RESOLUTION,
                    LOCAL_LIMIT,
                    ABORTED,
                    OTHER,
                    NONE ->
                    "";
        };
    }
}
