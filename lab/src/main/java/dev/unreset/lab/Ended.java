package dev.unreset.lab;

import dev.unreset.Cause;
import java.io.IOException;

/// A rule ended the connection: unwinds the connection's thread.
final class Ended extends IOException {

    private static final long serialVersionUID = 1L;

    private final Ending how;
    private final Cause why;

    Ended(Ending how, Cause why) {
        super("ended by a rule");
        this.how = how;
        this.why = why;
    }

    Ending how() {
        return how;
    }

    Cause why() {
        return why;
    }
}
