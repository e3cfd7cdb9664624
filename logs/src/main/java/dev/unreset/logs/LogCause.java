package dev.unreset.logs;

import dev.unreset.Cause;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What a log line says of the end of connections.
public enum LogCause {
    CRASH_OR_RESTART(Cause.SERVER_RESTART),
    CONNECTION_LIMIT(Cause.CONNECTION_LIMIT),
    /// Memory, open files or ports are used up.
    RESOURCE_LIMIT(Cause.CONNECTION_LIMIT),
    IDLE_TIMEOUT(Cause.IDLE_TIMEOUT),
    RATE_LIMIT(Cause.RATE_LIMIT),
    PROTOCOL_VIOLATION(Cause.PROTOCOL_VIOLATION),
    /// A server behind this one failed.
    UPSTREAM_FAILURE(null),
    /// The client went first.
    CLIENT_GONE(Cause.CLIENT_ABORT),
    MIDDLEBOX(Cause.MIDDLEBOX);

    private final @Nullable Cause cause;

    LogCause(@Nullable Cause cause) {
        this.cause = cause;
    }

    /// The cause that a client would name; empty where the line is about another connection.
    public Optional<Cause> cause() {
        return Optional.ofNullable(cause);
    }

    /// The word of data, output and JSON, for example `idle-timeout`.
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    static Optional<LogCause> of(String label) {
        return Arrays.stream(values()).filter(cause -> cause.label().equals(label)).findFirst();
    }

    /// The labels of all causes, in one line.
    static String labels() {
        return Arrays.stream(values()).map(LogCause::label).collect(Collectors.joining(", "));
    }
}
