package dev.unreset.lab;

import dev.unreset.Cause;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/// How one connection of a lab went: the label for what others conclude about it.
///
/// @param number 1 for the first connection accepted
/// @param requests how many requests it carried
/// @param bodyBytes how many body bytes were sent on it
/// @param ending how the lab ended it; empty if the client did
/// @param cause why the lab ended it; empty for an ordinary close
public record ConnectionRecord(
        int number,
        Duration age,
        int requests,
        long bodyBytes,
        Optional<Ending> ending,
        Optional<Cause> cause) {

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "connection %d: %s after %.3f s, %d requests, %d body bytes%s",
                number,
                ending.map(how -> "ended by the lab with " + how).orElse("ended by the client"),
                age.toNanos() / 1e9,
                requests,
                bodyBytes,
                cause.map(why -> ", cause " + why).orElse(""));
    }
}
