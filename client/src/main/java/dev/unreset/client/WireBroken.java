package dev.unreset.client;

import dev.unreset.FailureKind;
import dev.unreset.Phase;
import dev.unreset.WireFacts;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// One attempt failed on its connection. Never leaves the module: the exchange turns it into
/// another attempt or into a [dev.unreset.ConnectionFailure].
final class WireBroken extends IOException {

    private static final long serialVersionUID = 1L;

    private final transient Loss loss;

    /// What is known of the failed attempt.
    ///
    /// @param connection the connection's number; 0 if there was none
    /// @param what the detail that only this failure has; may be empty
    record Loss(FailureKind kind, Phase phase, WireFacts facts, long connection, String what) {}

    WireBroken(Loss loss, @Nullable Throwable cause) {
        super(loss.kind().title() + (loss.what().isEmpty() ? "" : ": " + loss.what()), cause);
        this.loss = loss;
    }

    Loss loss() {
        return loss;
    }
}
