package dev.unreset.explain;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unreset.Phase;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
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
    void anExceptionIsReadWithItsCauses() {
        Explanation explanation =
                Explainer.explain(
                        new IllegalStateException(
                                "could not load",
                                new java.net.SocketException("Connection reset")));

        assertThat(explanation.kind()).isEqualTo(Kind.RESET);
        assertThat(explanation.runtime()).contains("Java");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SyntaxError: unexpected EOF while parsing (app.py, line 3)",
                "EOFError: EOF when reading a line",
                "KeyError: 'connection'",
                "ValueError: I/O operation on closed file.",
                "TypeError: Cannot read properties of undefined (reading 'reset')",
                "TypeError: connection.reset is not a function",
                "ReferenceError: socket is not defined",
                "error: pathspec 'reset' did not match any file(s) known to git",
                "Password reset link has expired",
                "Issue closed as duplicate",
                "java.lang.NullPointerException: Cannot invoke \"Connection.close()\" because \"c\" is null",
                "java.lang.IllegalStateException: Connection factory is not configured",
                "java.lang.ClassNotFoundException: com.acme.ConnectionPool",
                "java.sql.SQLSyntaxErrorException: Unknown column 'closed' in 'field list'",
                "ERROR: deadlock detected",
                "ERROR: duplicate key value violates unique constraint \"connection_pkey\"",
                "ERROR: relation \"connections\" does not exist",
                "django.db.utils.ProgrammingError: column \"reset_at\" does not exist",
                "error[E0599]: no method named `reset` found for struct `Connection`",
                "cannot find symbol: class Socket",
                "undefined reference to `socket_close'",
                "ModuleNotFoundError: No module named 'requests'",
                "npm ERR! missing script: start",
                "bash: curl: command not found",
                "fatal: not a git repository (or any of the parent directories): .git",
                "error: failed to push some refs to 'origin'",
                "CONFLICT (content): Merge conflict in reset.css",
                "Warning: closed caption track missing",
                "thread 'main' panicked at 'index out of bounds: the len is 3 but the index is 5'",
                "Segmentation fault (core dumped)",
                "panic: runtime error: invalid memory address or nil pointer dereference",
                "RuntimeError: dictionary changed size during iteration",
                "ZeroDivisionError: division by zero",
                "AssertionError: expected 'open' to equal 'closed'",
                "Uncaught TypeError: Failed to resolve module specifier \"lit\"",
                "[vite] Internal server error: Failed to resolve import \"./socket\"",
                "Error: Cannot find module './connection'",
                "kernel: usb 1-1: reset high-speed USB device number 2",
                "The window was closed by the user",
                "Counter reset to 0 after 10054 events",
                "FileNotFoundError: [Errno 2] No such file or directory: 'connection.json'",
                "PermissionError: [Errno 13] Permission denied: '/var/run/socket.lock'",
            })
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
