package dev.unreset.client;

import dev.unreset.End;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// How the end of a connection was seen, and what the kernel knew at that moment.
///
/// @param ackedTotal bytes acknowledged since the connection began; empty where unknown
record WireEnd(End end, OptionalInt errno, OptionalLong ackedTotal, @Nullable Throwable cause) {

    static WireEnd local() {
        return new WireEnd(new End.Local(), OptionalInt.empty(), OptionalLong.empty(), null);
    }
}
