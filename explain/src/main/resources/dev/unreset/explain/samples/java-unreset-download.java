import dev.unreset.client.DownloadRequest;
import dev.unreset.client.DownloadResult;
import dev.unreset.client.Session;

void main() throws Exception {
    try (Session session = Session.create()) {
        DownloadResult result = session.download(DownloadRequest.into(Path.of("."), "https://example.com/file"));
        System.out.println(result);                          // whole and proved, or a failure that says why
    }
}
