package dev.unreset.client;

import dev.unreset.Attempt;
import dev.unreset.ConnectionFailure;
import dev.unreset.Diagnoser;
import dev.unreset.Diagnosis;
import dev.unreset.Evidence;
import dev.unreset.Place;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// What a download counts: its attempts, the bytes that they brought, and what their failures speak
/// for. Thread-safe.
final class Tally {

    /// A result lists so many attempts, the first ones.
    private static final int MOST_LISTED = 10_000;

    private final List<DownloadResult.PartAttempt> attempts = new ArrayList<>();
    private final Map<List<?>, Evidence> evidence = new LinkedHashMap<>();
    private final Map<Long, Long> carried = new HashMap<>();
    private final Set<Long> connections = new HashSet<>();
    private long received;
    private int failures;

    /// An answer was received, as far as it was wanted. Returns the body bytes that its connection
    /// has carried.
    synchronized long answered(
            List<Attempt> tries, Optional<Diagnosis> why, long from, long bytes) {
        why.ifPresent(diagnosis -> diagnosis.evidence().forEach(this::note));
        return add(tries, from, bytes, "complete");
    }

    /// A request failed, before its answer or in the middle of it. Returns the body bytes that its
    /// connection has carried.
    synchronized long failed(ConnectionFailure failure, long from, long bytes) {
        failures++;
        long carriedBytes = add(failure.attempts(), from, bytes, failure.facts().end().label());
        failure.diagnosis().ifPresent(diagnosis -> diagnosis.evidence().forEach(this::note));
        return carriedBytes;
    }

    private long add(List<Attempt> tries, long from, long bytes, String end) {
        received += bytes;
        long carriedBytes = bytes;
        for (int i = 0; i < tries.size(); i++) {
            Attempt each = tries.get(i);
            boolean last = i == tries.size() - 1;
            if (each.connection() > 0) {
                connections.add(each.connection());
            }
            if (last) {
                carriedBytes = carried.merge(each.connection(), bytes, Long::sum);
            }
            if (attempts.size() < MOST_LISTED) {
                attempts.add(
                        new DownloadResult.PartAttempt(
                                each.connection(),
                                from,
                                last ? from + bytes : from,
                                last ? bytes : 0,
                                each.took(),
                                last ? end : each.facts().end().label(),
                                each.phase()));
            }
        }
        return carriedBytes;
    }

    /// Evidence that was seen once counts once: ten cuts of one kind are not ten independent
    /// observations.
    synchronized void note(Evidence seen) {
        Place place =
                seen.place() instanceof Place.OfAttempt
                        ? new Place.OfAttempt(Math.max(1, attempts.size()))
                        : seen.place();
        evidence.putIfAbsent(
                List.of(seen.decibans(), seen.senderDecibans()),
                new Evidence(seen.fact(), place, seen.decibans(), seen.senderDecibans()));
    }

    synchronized List<DownloadResult.PartAttempt> attempts() {
        return List.copyOf(attempts);
    }

    synchronized long received() {
        return received;
    }

    synchronized int failures() {
        return failures;
    }

    synchronized int connections() {
        return connections.size();
    }

    /// Why connections were lost; empty if none was.
    synchronized Optional<Diagnosis> diagnosis() {
        return evidence.isEmpty()
                ? Optional.empty()
                : Optional.of(Diagnoser.diagnose(evidence.values()));
    }
}
