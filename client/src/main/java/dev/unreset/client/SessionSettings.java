package dev.unreset.client;

import dev.unreset.ProfileStore;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.random.RandomGenerator;

/// What a session was built with.
///
/// @param ownIdleLimit idle time after which a pooled connection is not used, whatever else is
///   known
/// @param fixedPace requests a second; empty: adaptive
/// @param maxConnections open connections for an origin; empty: what is learned
/// @param finProof whether a FIN with no byte of the request acknowledged proves that it was not
///   processed; off for servers that half-close and still read
record SessionSettings(
        Duration connectTimeout,
        Duration readTimeout,
        Optional<Duration> deadline,
        Duration ownIdleLimit,
        Duration tcpKeepAlive,
        RetryPolicy retry,
        OptionalDouble fixedPace,
        OptionalInt maxConnections,
        int maxRedirects,
        boolean finProof,
        boolean decode,
        String userAgent,
        Trust trust,
        ProxySettings proxies,
        ProfileStore profiles,
        Time time,
        RandomGenerator random) {}
