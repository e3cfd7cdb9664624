package dev.unreset.cli;

import dev.unreset.Cause;
import dev.unreset.Diagnosis;
import java.util.Optional;

/// One cause as the demo shows it.
///
/// @param server what the server does
/// @param plain what a plain client got
/// @param unreset what Unreset got
/// @param ended how many connections the server ended while Unreset used it
/// @param lost bytes of the content that Unreset did not deliver
/// @param repeated requests that the server executed more often than they were made
record DemoScene(
        Cause cause,
        String server,
        String plain,
        String unreset,
        Optional<Diagnosis> diagnosis,
        int ended,
        long lost,
        int repeated) {}
