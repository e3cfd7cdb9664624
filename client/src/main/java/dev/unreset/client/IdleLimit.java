package dev.unreset.client;

import dev.unreset.Limit;
import dev.unreset.OriginProfile;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// How long a pooled connection may be idle and still be used.
final class IdleLimit {

    private static final Pattern TIMEOUT =
            Pattern.compile("(?i)(?:^|[,;\\s])timeout\\s*=\\s*\"?(\\d{1,9})");
    private static final Duration LEAST_MARGIN = Duration.ofMillis(200);
    private static final Duration MOST_MARGIN = Duration.ofSeconds(5);

    private IdleLimit() {}

    /// The least of the session's own limit, the server's `Keep-Alive: timeout` less a margin, and
    /// the learned limit less a margin; never negative.
    static Duration usable(Duration own, Optional<String> keepAlive, OriginProfile profile) {
        Duration limit = own;
        Optional<Duration> announced = keepAlive.flatMap(IdleLimit::timeout);
        if (announced.isPresent()) {
            limit = least(limit, lessMargin(announced.get()));
        }
        Optional<Double> learned = profile.limit(Limit.IDLE_SECONDS);
        if (learned.isPresent()) {
            limit = least(limit, lessMargin(Duration.ofMillis((long) (1000 * learned.get()))));
        }
        return limit;
    }

    /// `timeout` of a Keep-Alive header (RFC 2068, 19.7.1.1), in seconds.
    private static Optional<Duration> timeout(String keepAlive) {
        Matcher matcher = TIMEOUT.matcher(keepAlive);
        return matcher.find()
                ? Optional.of(Duration.ofSeconds(Long.parseLong(matcher.group(1))))
                : Optional.empty();
    }

    /// A fifth of the limit, between 200 ms and 5 s: for the time on the wire, and for clocks that
    /// tick differently.
    private static Duration lessMargin(Duration limit) {
        Duration margin = limit.dividedBy(5);
        margin = margin.compareTo(LEAST_MARGIN) < 0 ? LEAST_MARGIN : least(margin, MOST_MARGIN);
        Duration usable = limit.minus(margin);
        return usable.isNegative() ? Duration.ZERO : usable;
    }

    private static Duration least(Duration a, Duration b) {
        return a.compareTo(b) <= 0 ? a : b;
    }
}
