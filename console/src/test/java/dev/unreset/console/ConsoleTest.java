package dev.unreset.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ConsoleTest {

    private final HttpClient client = HttpClient.newHttpClient();
    private Console console;

    @BeforeEach
    void start() throws Exception {
        console = Console.start(0);
    }

    @AfterEach
    void stop() {
        console.close();
        client.close();
    }

    @Test
    void listensOnLoopbackOnly() {
        assertThat(console.uri().getHost()).isEqualTo("127.0.0.1");
    }

    @Test
    void aPastedErrorIsExplained() throws Exception {
        HttpResponse<String> answer = explain("curl: (56) Recv failure: Connection reset by peer");

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body())
                .contains("<h2>reset", "Probable causes", "/reference/curl-56.html");
    }

    @Test
    void whatHasNothingToDoWithConnectionsIsSaidToBeSo() throws Exception {
        assertThat(explain("KeyError: 'name'").body())
                .contains("This has nothing to do with connections.")
                .doesNotContain("Probable causes");
    }

    @Test
    void pastedHtmlIsShownAndNotObeyed() throws Exception {
        String body =
                explain(
                                """
                                </textarea><script>alert(1)</script><img src=x onerror=alert(2)>
                                  File "/srv/<script>alert(3)</script>.py", line 3, in f
                                ConnectionResetError: [Errno 104] Connection reset by peer
                                """)
                        .body();

        assertThat(body)
                .contains("&lt;script&gt;alert(1)", "&lt;script&gt;alert(3)")
                .doesNotContain("<script>alert", "<img");
    }

    @Test
    void everyAnswerForbidsForeignContent() throws Exception {
        for (String path : new String[] {"", "reference/", "style.css", "no-such-page"}) {
            assertThat(get(path).headers().firstValue("Content-Security-Policy").orElse(""))
                    .contains("default-src 'none'", "frame-ancestors 'none'");
        }
    }

    @Test
    void anotherSiteIsRefused() throws Exception {
        HttpRequest foreign =
                HttpRequest.newBuilder(console.uri().resolve("/explain"))
                        .header("Origin", "https://example.org")
                        .POST(HttpRequest.BodyPublishers.ofString("text=a"))
                        .build();

        assertThat(client.send(foreign, BodyHandlers.ofString()).statusCode()).isEqualTo(403);
    }

    @Test
    void anotherHostNameIsRefused() throws Exception {
        // DNS rebinding: a name of the attacker's that points to 127.0.0.1.
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), console.uri().getPort())) {
            socket.getOutputStream()
                    .write(
                            "GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
                                    .getBytes(StandardCharsets.US_ASCII));

            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .startsWith("HTTP/1.1 403");
        }
    }

    @Test
    void pathsLeadNowhereElse() throws Exception {
        for (String path :
                new String[] {
                    "reference/../../etc/passwd",
                    "reference/%2e%2e/errors.tsv",
                    "layout.html",
                    "reference/layout.html",
                    "reference/" + "entry.html",
                }) {
            assertThat(get(path).statusCode()).isEqualTo(404);
        }
    }

    @Test
    void theReferenceIsServed() throws Exception {
        assertThat(get("reference/").body()).contains("aws-nlb.html");
        assertThat(get("reference/aws-nlb.html").body()).contains("350 s");
    }

    @Test
    void aDroppedCaptureIsRead() throws Exception {
        HttpResponse<String> answer = drop(HttpRequest.BodyPublishers.ofFile(capture()));

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body())
                .contains("1 connection reset", "the server sent the RST", "decisive");
    }

    @Test
    void whatIsNoCaptureIsSaidToBeSo() throws Exception {
        HttpResponse<String> answer = drop(HttpRequest.BodyPublishers.ofString("no capture"));

        assertThat(answer.statusCode()).isEqualTo(422);
        assertThat(answer.body()).startsWith("the file").hasLineCount(1);
    }

    static Path capture() {
        return Path.of("src/test/resources/dev/unreset/console/reset.pcap");
    }

    private HttpResponse<String> drop(HttpRequest.BodyPublisher body) throws Exception {
        return client.send(
                HttpRequest.newBuilder(console.uri().resolve("/capture")).POST(body).build(),
                BodyHandlers.ofString());
    }

    private HttpResponse<String> explain(String text) throws Exception {
        return client.send(
                HttpRequest.newBuilder(console.uri().resolve("/explain"))
                        .POST(
                                HttpRequest.BodyPublishers.ofString(
                                        "text=" + URLEncoder.encode(text, StandardCharsets.UTF_8)))
                        .build(),
                BodyHandlers.ofString());
    }

    private HttpResponse<String> get(String path) throws Exception {
        return client.send(
                HttpRequest.newBuilder(URI.create(console.uri() + path)).build(),
                BodyHandlers.ofString());
    }
}
