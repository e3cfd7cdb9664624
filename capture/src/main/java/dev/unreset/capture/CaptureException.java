package dev.unreset.capture;

import java.io.IOException;

/// A capture that cannot be read at all; the message is one line for the user.
public final class CaptureException extends IOException {

    private static final long serialVersionUID = 1L;

    CaptureException(String message) {
        super(message);
    }
}
