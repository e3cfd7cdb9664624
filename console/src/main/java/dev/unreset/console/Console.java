package dev.unreset.console;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.unreset.capture.Capture;
import dev.unreset.capture.CaptureException;
import dev.unreset.capture.CaptureOptions;
import dev.unreset.capture.CaptureReport;
import dev.unreset.explain.Explainer;
import dev.unreset.explain.Reference;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;

/// The console's server, on 127.0.0.1 only.
///
/// It answers nobody but pages of its own: another `Host` (DNS rebinding) or another `Origin` is
/// refused. What is pasted or dropped stays on this machine; a dropped capture is deleted after
/// reading.
public final class Console implements AutoCloseable {

    /// Where it listens unless told otherwise.
    public static final int USUAL_PORT = 8283;

    private static final int MOST_FORM_BYTES = 40 << 20;
    private static final long MOST_CAPTURE_BYTES = 4L << 30;
    private static final String HTML = "text/html; charset=utf-8";
    private static final String POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
                    + " img-src data:;"
                    + " form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Semaphore captures = new Semaphore(1);

    private Console(HttpServer server) {
        this.server = server;
    }

    /// Starts on `port`; 0 lets the system choose.
    public static Console start(int port) throws IOException {
        InetSocketAddress address =
                new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port);
        Console console = new Console(HttpServer.create(address, 64));
        console.server.setExecutor(console.threads);
        console.server.createContext("/", console::answer);
        console.server.start();
        return console;
    }

    /// Its first page.
    public URI uri() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/");
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            if (isForeign(exchange)) {
                send(exchange, 403, "text/plain", "Only pages of this console may ask it.\n");
                return;
            }
            switch (exchange.getRequestMethod()) {
                case "GET", "HEAD" -> get(exchange, exchange.getRequestURI().getPath());
                case "POST" -> post(exchange, exchange.getRequestURI().getPath());
                default -> send(exchange, 405, "text/plain", "GET or POST\n");
            }
        }
    }

    private boolean isForeign(HttpExchange exchange) {
        int port = server.getAddress().getPort();
        Set<String> own = Set.of("127.0.0.1:" + port, "localhost:" + port);
        String host = exchange.getRequestHeaders().getFirst("Host");
        String origin = exchange.getRequestHeaders().getFirst("Origin");
        return host == null
                || !own.contains(host)
                || (origin != null && !own.contains(origin.replaceFirst("^http://", "")));
    }

    private void get(HttpExchange exchange, String path) throws IOException {
        String name = path.substring(path.lastIndexOf('/') + 1);
        if (path.equals("/")) {
            send(exchange, 200, HTML, Pages.OF_CONSOLE.home("", ""));
        } else if (path.equals("/reference/") || path.equals("/reference/index.html")) {
            send(exchange, 200, HTML, Pages.OF_CONSOLE.index());
        } else if (Pages.ASSETS.contains(name)
                && (path.equals("/" + name) || path.equals("/reference/" + name))) {
            String type = name.endsWith(".css") ? "text/css" : "text/javascript";
            send(exchange, 200, type + "; charset=utf-8", Pages.asset(name));
        } else {
            String key = name.replaceFirst("\\.html$", "");
            String page =
                    path.equals("/reference/" + key + ".html")
                            ? Reference.entry(key).map(Pages.OF_CONSOLE::entry).orElse("")
                            : "";
            if (page.isEmpty()) {
                send(exchange, 404, "text/plain", "There is no such page.\n");
            } else {
                send(exchange, 200, HTML, page);
            }
        }
    }

    private void post(HttpExchange exchange, String path) throws IOException {
        switch (path) {
            case "/explain" -> explain(exchange);
            case "/capture" -> capture(exchange);
            default -> send(exchange, 404, "text/plain", "There is no such page.\n");
        }
    }

    private static void explain(HttpExchange exchange) throws IOException {
        byte[] form = exchange.getRequestBody().readNBytes(MOST_FORM_BYTES + 1);
        if (form.length > MOST_FORM_BYTES) {
            send(exchange, 413, "text/plain", "The text is larger than 40 MiB.\n");
            return;
        }
        String text = field(new String(form, StandardCharsets.UTF_8));
        String shown = text.length() <= 100_000 ? text : text.substring(0, 100_000);
        String answer = text.isBlank() ? "" : Pages.OF_CONSOLE.explanation(Explainer.explain(text));
        send(exchange, 200, HTML, Pages.OF_CONSOLE.home(shown, answer));
    }

    /// The field `text` of a form.
    private static String field(String form) {
        for (String pair : form.split("&", -1)) {
            if (pair.startsWith("text=")) {
                try {
                    return URLDecoder.decode(pair.substring(5), StandardCharsets.UTF_8);
                } catch (IllegalArgumentException notEncoded) {
                    // Not from a browser: then it is meant as it is.
                    return pair.substring(5);
                }
            }
        }
        return "";
    }

    private void capture(HttpExchange exchange) throws IOException {
        if (!captures.tryAcquire()) {
            send(exchange, 503, "text/plain", "Another capture is being read.\n");
            return;
        }
        Path file = Files.createTempFile("unreset-console", ".capture");
        try {
            if (!save(exchange.getRequestBody(), file)) {
                send(exchange, 413, "text/plain", "Larger than 4 GiB: unreset capture FILE\n");
                return;
            }
            CaptureReport report =
                    Capture.read(
                            List.of(file), InputStream.nullInputStream(), CaptureOptions.usual());
            send(exchange, 200, HTML, Pages.OF_CONSOLE.capture(report));
        } catch (CaptureException e) {
            String why = String.valueOf(e.getMessage()).replace(file.toString(), "the file");
            send(exchange, 422, "text/plain; charset=utf-8", why + "\n");
        } finally {
            Files.deleteIfExists(file);
            captures.release();
        }
    }

    private static boolean save(InputStream body, Path file) throws IOException {
        byte[] buffer = new byte[1 << 16];
        long total = 0;
        try (OutputStream out = Files.newOutputStream(file)) {
            for (int count = body.read(buffer); count >= 0; count = body.read(buffer)) {
                total += count;
                if (total > MOST_CAPTURE_BYTES) {
                    return false;
                }
                out.write(buffer, 0, count);
            }
        }
        return true;
    }

    private static void send(HttpExchange exchange, int status, String type, String text)
            throws IOException {
        send(exchange, status, type, text.getBytes(StandardCharsets.UTF_8));
    }

    private static void send(HttpExchange exchange, int status, String type, byte[] body)
            throws IOException {
        exchange.getResponseHeaders().set("Content-Type", type);
        exchange.getResponseHeaders().set("Content-Security-Policy", POLICY);
        exchange.getResponseHeaders().set("X-Content-Type-Options", "nosniff");
        exchange.getResponseHeaders().set("Referrer-Policy", "same-origin");
        exchange.getResponseHeaders().set("Cache-Control", "no-store");
        if (exchange.getRequestMethod().equals("HEAD")) {
            exchange.sendResponseHeaders(status, -1);
        } else {
            exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
        }
    }

    /// Ends the server at once.
    @Override
    public void close() {
        server.stop(0);
        threads.close();
    }
}
