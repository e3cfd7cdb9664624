package dev.unreset.lab;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;

/// What a lab does wrong. Rules combine freely; none is set by default.
///
/// @param ending how a rule ends a connection
/// @param endAfterBytes ends a connection after so many body bytes
/// @param endAfter ends a connection so long after it was accepted
/// @param endWhenIdle ends a connection on which nothing was sent or received for so long
/// @param maxConnections ends connections above so many at once, as soon as they are accepted
/// @param maxRequestRate ends connections whose request comes when more than so many a second were
///   accepted from the same client; a token bucket as large as one second's worth
/// @param endOnRequest ends the connection on the n-th request of the server, before answering;
///   once
/// @param endOnEachRequest reads each request whole, then ends the connection without an answer
/// @param endInHead ends the connection within the head of the response, once for each client
///   connection
/// @param endProbability probability that a MiB of body is cut somewhere in it
/// @param seed of that chance
/// @param restartEvery stops listening and resets every connection so often
/// @param restartFor how long the server is down then
/// @param bytesPerSecond sends no faster than this, on each connection
/// @param silent accepts and never answers
public record Rules(
        Ending ending,
        OptionalLong endAfterBytes,
        Optional<Duration> endAfter,
        Optional<Duration> endWhenIdle,
        OptionalInt maxConnections,
        OptionalDouble maxRequestRate,
        OptionalInt endOnRequest,
        boolean endOnEachRequest,
        boolean endInHead,
        double endProbability,
        long seed,
        Optional<Duration> restartEvery,
        Duration restartFor,
        OptionalLong bytesPerSecond,
        boolean silent,
        HttpRules http) {

    /// What the HTTP server does wrong beyond the connection.
    ///
    /// @param ignoreRange answers 200 to every range
    /// @param validator which validators the object has
    /// @param changeAfterRequests the object is another one after so many requests for it
    /// @param changedLength whether the other object also has another length (one byte more)
    /// @param wrongContentRange names a first byte 4096 too early in each 206
    /// @param shortBy closes in order so many bytes before the announced length
    /// @param refuseStatus 429 or 503, for the first `refuseTimes` requests
    /// @param retryAfter with those, in seconds; empty: without the field
    /// @param rateLimitFields sends `RateLimit-Policy` and `RateLimit`
    ///   (draft-ietf-httpapi-ratelimit-headers)
    /// @param early413 answers an upload with 413 before its body was read, and ends the connection
    /// @param keepAliveTimeout announces `Keep-Alive: timeout`, in seconds
    /// @param digest sends `Repr-Digest` (RFC 9530)
    public record HttpRules(
            boolean ignoreRange,
            Validators validator,
            OptionalInt changeAfterRequests,
            boolean changedLength,
            boolean wrongContentRange,
            long shortBy,
            int refuseStatus,
            int refuseTimes,
            OptionalInt retryAfter,
            boolean rateLimitFields,
            boolean early413,
            OptionalInt keepAliveTimeout,
            boolean digest) {

        static final HttpRules NONE =
                new HttpRules(
                        false,
                        Validators.STRONG,
                        OptionalInt.empty(),
                        false,
                        false,
                        0,
                        0,
                        0,
                        OptionalInt.empty(),
                        false,
                        false,
                        OptionalInt.empty(),
                        true);
    }

    /// Which validators the object has.
    public enum Validators {
        STRONG,
        WEAK,
        NONE
    }

    private static final Rules NONE = new Builder().build();

    /// No rule: a server that does everything right.
    public static Rules none() {
        return NONE;
    }

    public static Builder builder() {
        return new Builder();
    }

    /// Builds rules.
    public static final class Builder {
        private Ending ending = Ending.RST;
        private OptionalLong endAfterBytes = OptionalLong.empty();
        private Optional<Duration> endAfter = Optional.empty();
        private Optional<Duration> endWhenIdle = Optional.empty();
        private OptionalInt maxConnections = OptionalInt.empty();
        private OptionalDouble maxRequestRate = OptionalDouble.empty();
        private OptionalInt endOnRequest = OptionalInt.empty();
        private boolean endOnEachRequest;
        private boolean endInHead;
        private double endProbability;
        private long seed = 1;
        private Optional<Duration> restartEvery = Optional.empty();
        private Duration restartFor = Duration.ofMillis(300);
        private OptionalLong bytesPerSecond = OptionalLong.empty();
        private boolean silent;
        private boolean ignoreRange;
        private Validators validator = Validators.STRONG;
        private OptionalInt changeAfterRequests = OptionalInt.empty();
        private boolean changedLength;
        private boolean wrongContentRange;
        private long shortBy;
        private int refuseStatus;
        private int refuseTimes;
        private OptionalInt retryAfter = OptionalInt.empty();
        private boolean rateLimitFields;
        private boolean early413;
        private OptionalInt keepAliveTimeout = OptionalInt.empty();
        private boolean digest = true;

        private Builder() {}

        public Builder ending(Ending how) {
            ending = how;
            return this;
        }

        public Builder endAfterBytes(long bytes) {
            endAfterBytes = OptionalLong.of(atLeast("bytes", bytes, 0));
            return this;
        }

        public Builder endAfter(Duration age) {
            endAfter = Optional.of(age);
            return this;
        }

        public Builder endWhenIdle(Duration idle) {
            endWhenIdle = Optional.of(idle);
            return this;
        }

        public Builder maxConnections(int most) {
            maxConnections = OptionalInt.of((int) atLeast("connections", most, 0));
            return this;
        }

        public Builder maxRequestRate(double perSecond) {
            if (!(perSecond > 0)) {
                throw new IllegalArgumentException(
                        "request rate: " + perSecond + " (expected: > 0 a second)");
            }
            maxRequestRate = OptionalDouble.of(perSecond);
            return this;
        }

        public Builder endOnRequest(int number) {
            endOnRequest = OptionalInt.of((int) atLeast("request", number, 1));
            return this;
        }

        public Builder endOnEachRequest() {
            endOnEachRequest = true;
            return this;
        }

        public Builder endInHead() {
            endInHead = true;
            return this;
        }

        public Builder endProbability(double perMebibyte) {
            if (!(perMebibyte >= 0 && perMebibyte <= 1)) {
                throw new IllegalArgumentException(
                        "probability: " + perMebibyte + " (expected: 0 to 1 per MiB)");
            }
            endProbability = perMebibyte;
            return this;
        }

        public Builder seed(long chance) {
            seed = chance;
            return this;
        }

        public Builder restart(Duration every, Duration downFor) {
            restartEvery = Optional.of(every);
            restartFor = downFor;
            return this;
        }

        public Builder bytesPerSecond(long most) {
            bytesPerSecond = OptionalLong.of(atLeast("bytes a second", most, 1));
            return this;
        }

        public Builder silent() {
            silent = true;
            return this;
        }

        public Builder ignoreRange() {
            ignoreRange = true;
            return this;
        }

        public Builder validator(Validators which) {
            validator = which;
            return this;
        }

        public Builder changeAfterRequests(int requests, boolean otherLength) {
            changeAfterRequests = OptionalInt.of((int) atLeast("requests", requests, 0));
            changedLength = otherLength;
            return this;
        }

        public Builder wrongContentRange() {
            wrongContentRange = true;
            return this;
        }

        public Builder shortBy(long bytes) {
            shortBy = atLeast("bytes", bytes, 0);
            return this;
        }

        /// Answers the first `times` requests with `status` (429 or 503).
        public Builder refuse(int status, int times, OptionalInt retryAfterSeconds) {
            if (status != 429 && status != 503) {
                throw new IllegalArgumentException("status: " + status + " (expected: 429 or 503)");
            }
            refuseStatus = status;
            refuseTimes = times;
            retryAfter = retryAfterSeconds;
            return this;
        }

        public Builder rateLimitFields() {
            rateLimitFields = true;
            return this;
        }

        public Builder early413() {
            early413 = true;
            return this;
        }

        public Builder keepAliveTimeout(int seconds) {
            keepAliveTimeout = OptionalInt.of(seconds);
            return this;
        }

        public Builder withoutDigest() {
            digest = false;
            return this;
        }

        public Rules build() {
            return new Rules(
                    ending,
                    endAfterBytes,
                    endAfter,
                    endWhenIdle,
                    maxConnections,
                    maxRequestRate,
                    endOnRequest,
                    endOnEachRequest,
                    endInHead,
                    endProbability,
                    seed,
                    restartEvery,
                    restartFor,
                    bytesPerSecond,
                    silent,
                    new HttpRules(
                            ignoreRange,
                            validator,
                            changeAfterRequests,
                            changedLength,
                            wrongContentRange,
                            shortBy,
                            refuseStatus,
                            refuseTimes,
                            retryAfter,
                            rateLimitFields,
                            early413,
                            keepAliveTimeout,
                            digest));
        }

        private static long atLeast(String name, long value, long least) {
            if (value < least) {
                throw new IllegalArgumentException(
                        name + ": " + value + " (expected: >= " + least + ")");
            }
            return value;
        }
    }
}
