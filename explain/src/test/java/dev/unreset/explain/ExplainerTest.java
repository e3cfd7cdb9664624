package dev.unreset.explain;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.unreset.Phase;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExplainerTest {

    private static final String TRACEBACK =
            """
            Traceback (most recent call last):
              File "/usr/lib/python3/dist-packages/urllib3/connectionpool.py", line 703, in urlopen
                httplib_response = self._make_request(
              File "/usr/lib/python3.11/socket.py", line 706, in readinto
                return self._sock.recv_into(b)
            ConnectionResetError: [Errno 104] Connection reset by peer

            During handling of the above exception, another exception occurred:

            Traceback (most recent call last):
              File "/home/u/app/fetch.py", line 12, in load
                requests.get("http://api.example.org:8080/items")
              File "/usr/lib/python3/dist-packages/requests/adapters.py", line 547, in send
                raise ConnectionError(err, request=request)
            requests.exceptions.ConnectionError: ('Connection aborted.', ConnectionResetError(104, 'Connection reset by peer'))
            """;

    @Test
    void aPythonTraceback() {
        Explanation explanation = Explainer.explain(TRACEBACK);

        assertThat(explanation.kind()).isEqualTo(Kind.RESET);
        assertThat(explanation.runtime()).contains("Python");
        assertThat(explanation.client()).contains("requests");
        assertThat(explanation.place())
                .contains(new Explanation.CodePlace("/home/u/app/fetch.py", 12, "load"));
        assertThat(explanation.target()).contains("api.example.org:8080");
        assertThat(explanation.fix()).contains("requests.Session");
        assertThat(explanation.next()).contains("api.example.org", "unreset capture -");
    }

    @Test
    void aJavaStackTrace() {
        Explanation explanation =
                Explainer.explain(
                        """
                        Exception in thread "main" java.net.ConnectException: Connection refused
                        \tat java.base/sun.nio.ch.Net.pollConnect(Native Method)
                        \tat java.base/java.net.Socket.connect(Socket.java:751)
                        \tat com.acme.billing.Ledger.sync(Ledger.java:88)
                        \tat com.acme.billing.Main.main(Main.java:12)
                        """);

        assertThat(explanation.kind()).isEqualTo(Kind.REFUSED);
        assertThat(explanation.phase()).contains(Phase.CONNECT);
        assertThat(explanation.place().orElseThrow().file()).isEqualTo("Ledger.java");
        assertThat(explanation.place().orElseThrow().line()).isEqualTo(88);
    }

    @Test
    void aNodeStackTraceInColour() {
        Explanation explanation =
                Explainer.explain(
                        "\u001b[31mError: read ECONNRESET\u001b[0m\n    at TCP.onStreamRead (node:internal/stream_base_commons:217:20)\n    at main (/srv/app/index.js:9:3)\n  errno: -104, code: 'ECONNRESET', syscall: 'read'");

        assertThat(explanation.kind()).isEqualTo(Kind.RESET);
        assertThat(explanation.runtime()).contains("Node.js");
        assertThat(explanation.place())
                .contains(new Explanation.CodePlace("/srv/app/index.js", 9, "main"));
    }

    @Test
    void aGoTraceWithGoroutines() {
        Explanation explanation =
                Explainer.explain(
                        """
                        panic: Get "http://10.0.0.5:8080/items": read tcp 10.0.0.1:51234->10.0.0.5:8080: read: connection reset by peer

                        goroutine 1 [running]:
                        net/http.(*Client).do(0xc0000a0000)
                        \t/usr/local/go/src/net/http/client.go:715 +0x92b
                        main.load(...)
                        \t/srv/app/load.go:21 +0x1d
                        main.main()
                        \t/srv/app/main.go:9 +0x25
                        """);

        assertThat(explanation.kind()).isEqualTo(Kind.RESET);
        assertThat(explanation.runtime()).contains("Go");
        assertThat(explanation.place().orElseThrow().toString()).isEqualTo("/srv/app/load.go:21");
        assertThat(explanation.target()).contains("10.0.0.5:8080");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "curl: (56) Recv failure: Connection reset\nby peer",
                "curl: (56) Recv failure: Connection re\nset by peer",
            })
    void aLineThatATerminalBroke(String text) {
        assertThat(Explainer.explain(text).kind()).isEqualTo(Kind.RESET);
    }

    @Test
    void severalErrorsAreAllNamed() {
        Explanation explanation =
                Explainer.explain(
                        """
                        10:00:01 getaddrinfo ENOTFOUND db.example
                        10:00:02 connect ECONNREFUSED 10.0.0.5:5432
                        10:00:03 KeyError: 'x'
                        """);

        assertThat(explanation.others()).hasSize(1);
        assertThat(explanation.kind()).isIn(Kind.NAME_RESOLUTION, Kind.REFUSED);
    }

    @Test
    void anExceptionIsReadWithItsCauses() {
        Explanation explanation =
                Explainer.explain(
                        new IllegalStateException(
                                "could not load",
                                new java.net.SocketException("Connection reset")));

        assertThat(explanation.kind()).isEqualTo(Kind.RESET);
        assertThat(explanation.runtime()).contains("Java");
    }

    static List<String> unrelated() throws IOException {
        try (InputStream in = ExplainerTest.class.getResourceAsStream("unrelated.txt")) {
            return new String(requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
        }
    }

    /// Errors of many languages, many with words such as "connection", "reset" and "closed".
    @ParameterizedTest
    @MethodSource("unrelated")
    void whatHasNothingToDoWithConnectionsIsNone(String text) {
        assertThat(Explainer.explain(text).kind()).isEqualTo(Kind.NONE);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void hostileTextIsAnswered(long seed) {
        Random random = new Random(seed);
        StringBuilder text = new StringBuilder();
        while (text.length() < 10_000_000) {
            text.append(
                    switch (random.nextInt(4)) {
                        case 0 -> "((((((((((";
                        case 1 -> "\u001b[31m<script>";
                        case 2 -> "Caused by: ";
                        default -> Character.toString(random.nextInt(0x2000));
                    });
        }

        Explanation explanation = Explainer.explain(text.toString());

        assertThat(explanation.kind()).isNotNull();
    }
}
