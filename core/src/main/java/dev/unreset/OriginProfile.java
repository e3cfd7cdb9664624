package dev.unreset;

import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/// The limits learned of an origin.
public record OriginProfile(Origin origin, Map<Limit, Bounds> limits) {

    public OriginProfile {
        limits = Map.copyOf(limits);
    }

    /// A profile of which nothing is known.
    public static OriginProfile unknown(Origin origin) {
        return new OriginProfile(origin, Map.of());
    }

    /// What is known of `limit`; [Bounds#NONE] if nothing is.
    public Bounds bounds(Limit limit) {
        return limits.getOrDefault(limit, Bounds.NONE);
    }

    /// The least value of `limit` known to fail; empty if none is.
    public Optional<Double> limit(Limit limit) {
        return bounds(limit).limit();
    }

    /// After `value` worked.
    public OriginProfile worked(Limit limit, double value) {
        return with(limit, bounds(limit).worked(value));
    }

    /// After `value` failed at `now`.
    public OriginProfile failed(Limit limit, double value, Instant now) {
        return with(limit, bounds(limit).failed(value, now));
    }

    /// This profile without failures that are older than [Limit#maxAge()].
    public OriginProfile aged(Instant now) {
        Map<Limit, Bounds> fresh = new EnumMap<>(Limit.class);
        limits.forEach((limit, bounds) -> fresh.put(limit, bounds.aged(now, limit.maxAge())));
        return new OriginProfile(origin, fresh);
    }

    private OriginProfile with(Limit limit, Bounds bounds) {
        Map<Limit, Bounds> copy = new EnumMap<>(Limit.class);
        copy.putAll(limits);
        copy.put(limit, bounds);
        return new OriginProfile(origin, copy);
    }
}
