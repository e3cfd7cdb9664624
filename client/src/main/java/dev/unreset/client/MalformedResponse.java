package dev.unreset.client;

import java.io.IOException;

/// What came is not an HTTP/1.1 response.
final class MalformedResponse extends IOException {

    private static final long serialVersionUID = 1L;

    MalformedResponse(Throwable cause) {
        super("the answer is not an HTTP/1.1 response: " + cause.getMessage(), cause);
    }

    String detail() {
        return String.valueOf(getMessage());
    }
}
