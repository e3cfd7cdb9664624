package dev.unreset.client;

import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Reads what is left of a server's quota of requests: `RateLimit: "policy";r=0;t=30`
/// (draft-ietf-httpapi-ratelimit-headers-10), and `RateLimit-Remaining: 0` with `RateLimit-Reset:
/// 30` of its earlier versions, also with `X-` before them.
///
/// Only a quota that is used up means anything: a quota that is left is no promise. `Retry-After`
/// takes precedence. Malformed fields are ignored.
final class RateLimitFields {

    /// `X-RateLimit-Reset` is seconds with some servers and an instant in seconds with others; no
    /// quota lasts for thirty years.
    private static final long LEAST_INSTANT = 1_000_000_000;

    private static final Pattern REMAINING = Pattern.compile(";\\s*r=(\\d{1,15})(?![\\d.])");
    private static final Pattern RESET = Pattern.compile(";\\s*t=(\\d{1,9})(?![\\d.])");
    private static final Pattern NUMBER = Pattern.compile("\\s*(\\d{1,12})(?![\\d.]).*");

    private RateLimitFields() {}

    /// How long there is nothing left; empty if something is, or if nothing is said.
    static Optional<Duration> usedUpFor(Headers headers, long epochSeconds) {
        if (headers.contains("Retry-After")) {
            return Optional.empty();
        }
        return headers.first("RateLimit")
                .flatMap(RateLimitFields::ofList)
                .or(() -> ofPair(headers, "RateLimit-", epochSeconds))
                .or(() -> ofPair(headers, "X-RateLimit-", epochSeconds));
    }

    /// The longest of the policies that are used up.
    private static Optional<Duration> ofList(String field) {
        Optional<Duration> longest = Optional.empty();
        for (String policy : field.split(",", -1)) {
            Matcher remaining = REMAINING.matcher(policy);
            Matcher reset = RESET.matcher(policy);
            if (remaining.find() && reset.find() && Long.parseLong(remaining.group(1)) == 0) {
                Duration wait = Duration.ofSeconds(Long.parseLong(reset.group(1)));
                longest =
                        longest.filter(known -> known.compareTo(wait) >= 0)
                                .or(() -> Optional.of(wait));
            }
        }
        return longest;
    }

    private static Optional<Duration> ofPair(Headers headers, String prefix, long epochSeconds) {
        Optional<Long> remaining =
                headers.first(prefix + "Remaining").flatMap(RateLimitFields::number);
        Optional<Long> reset = headers.first(prefix + "Reset").flatMap(RateLimitFields::number);
        return reset.filter(seconds -> remaining.filter(left -> left == 0).isPresent())
                .map(seconds ->
                        seconds < LEAST_INSTANT ? seconds : Math.max(0, seconds - epochSeconds))
                .map(Duration::ofSeconds);
    }

    private static Optional<Long> number(String field) {
        Matcher number = NUMBER.matcher(field);
        return number.matches() ? Optional.of(Long.parseLong(number.group(1))) : Optional.empty();
    }
}
