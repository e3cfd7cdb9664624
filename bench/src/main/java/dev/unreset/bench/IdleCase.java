package dev.unreset.bench;

import dev.unreset.Attempt;
import dev.unreset.client.Request;
import dev.unreset.client.Response;
import dev.unreset.client.Session;
import dev.unreset.lab.LabServer;
import dev.unreset.lab.Rules;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// 100 GETs, 3 s apart, of a server that resets connections idle for 2 s: five minutes.
final class IdleCase {

    private static final int REQUESTS = 100;

    private IdleCase() {}

    static void run() throws IOException, InterruptedException {
        List<Integer> failed = new ArrayList<>();
        try (LabServer lab =
                        LabServer.start(
                                Rules.builder().endWhenIdle(Duration.ofSeconds(2)).build());
                Session session = Session.builder().build()) {
            for (int i = 1; i <= REQUESTS; i++) {
                try (Response response = session.send(Request.get(lab.uri("/bytes/1000")))) {
                    boolean whole = response.bytes().length == 1000;
                    List<Attempt> attempts = response.attempts();
                    if (!whole || attempts.size() > 1) {
                        failed.add(i);
                    }
                }
                Thread.sleep(3000);
            }
            long reset = lab.connections().stream().filter(c -> c.cause().isPresent()).count();
            System.out.printf(
                    "%nidle limit 2 s, %d GETs 3 s apart: %d requests met a failure %s, the server reset %d connections%n",
                    REQUESTS, failed.size(), failed, reset);
        }
    }
}
