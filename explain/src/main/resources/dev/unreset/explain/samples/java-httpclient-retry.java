import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

// java -Djdk.httpclient.keepalive.timeout=4 ...: below the server's idle limit (default 30 s)
static final HttpClient CLIENT =                             // one for all requests
        HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();

byte[] get(URI uri) throws IOException, InterruptedException {
    HttpRequest request = HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(60)).build();
    for (int attempt = 0; ; attempt++) {
        try {
            return CLIENT.send(request, HttpResponse.BodyHandlers.ofByteArray()).body();
        } catch (IOException failure) {                      // a GET may be repeated
            if (attempt == 3) {
                throw failure;
            }
            Thread.sleep(Duration.ofSeconds(1L << attempt));
        }
    }
}

void main() throws Exception {
    System.out.println(get(URI.create("https://example.com/file")).length);
}
