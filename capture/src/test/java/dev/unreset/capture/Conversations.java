package dev.unreset.capture;

/// What clients and servers of test captures say to each other, where the words do not matter.
final class Conversations {

    static final String GET = "GET / HTTP/1.1\r\n\r\n";
    static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

    /// The client's number after [#GET].
    static final int ASKED = 1 + GET.length();

    /// The server's number after [#OK].
    static final int ANSWERED = 1 + OK.length();

    private Conversations() {}

    /// A connection that is open after one request and its answer.
    static TestCapture answered(TestCapture capture) {
        return capture.handshake()
                .client("PA", 1, 1, GET)
                .after(0.01)
                .server("PA", 1, ASKED, OK)
                .client("A", ASKED, ANSWERED, "");
    }

    static TestCapture closedWell(TestCapture capture) {
        return answered(capture)
                .client("FA", ASKED, ANSWERED, "")
                .server("FA", ANSWERED, ASKED + 1, "")
                .client("A", ASKED + 1, ANSWERED + 1, "");
    }

    static TestCapture refused(TestCapture capture, int port) {
        return capture.from(port).client("S", 0, 0, "").after(0.001).serverPassive("RA", 0, 1);
    }

    /// A TLS record of so many bytes of data.
    static String record(int length) {
        return "\u0017\u0003\u0003"
                + (char) (length >> 8)
                + (char) (length & 255)
                + "x".repeat(length);
    }
}
