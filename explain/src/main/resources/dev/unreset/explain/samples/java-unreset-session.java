import dev.unreset.client.Request;
import dev.unreset.client.Response;
import dev.unreset.client.Session;

void main() throws Exception {
    try (Session session = Session.create();                 // one for all requests; thread-safe
            Response response = session.send(Request.get("https://example.com/file"))) {
        byte[] body = response.bytes();                      // repeats what is safe, resumes in mid-body
        System.out.println(body.length);
    }
}
