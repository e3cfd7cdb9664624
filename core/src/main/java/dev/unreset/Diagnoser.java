package dev.unreset;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Adds evidence up to a [Diagnosis] (naive Bayes, in decibans).
///
/// Every cause starts at [#PRIOR_DECIBANS] against "none of these", so that without evidence the
/// answer is "unknown". Evidence is taken as independent: a source that sees one fact in several
/// ways reports it once.
public final class Diagnoser {

    /// The prior weight of each cause against "unknown".
    static final int PRIOR_DECIBANS = -10;

    /// A cause below this probability is left out of a diagnosis.
    private static final double NEGLIGIBLE = 0.005;

    private Diagnoser() {}

    /// The diagnosis of `evidence`, with the usual remedies of its leading cause.
    public static Diagnosis diagnose(Collection<Evidence> evidence) {
        return diagnose(evidence, List.of());
    }

    /// The diagnosis of `evidence`. `remedies` are those that a source knows for this very case
    /// (with its values); they come before the usual ones of the leading cause.
    public static Diagnosis diagnose(Collection<Evidence> evidence, List<Remedy> remedies) {
        Map<Cause, Integer> causes = priors(Cause.class);
        Map<Sender, Integer> senders = priors(Sender.class);
        for (Evidence each : evidence) {
            add(each.decibans(), causes);
            add(each.senderDecibans(), senders);
        }
        senders.put(Sender.UNKNOWN, 0);

        double total = 1 + totalOdds(causes);
        List<Diagnosis.RankedCause> ranked = ranked(causes, total);
        Map.Entry<Sender, Integer> sender = mostProbable(senders);
        return new Diagnosis(
                ranked,
                1 / total,
                sender.getKey(),
                odds(sender.getValue()) / totalOdds(senders),
                strongestFirst(evidence),
                remedies(ranked, 1 / total, remedies));
    }

    private static <K extends Enum<K>> Map<K, Integer> priors(Class<K> keys) {
        Map<K, Integer> decibans = new EnumMap<>(keys);
        for (K key : keys.getEnumConstants()) {
            decibans.put(key, PRIOR_DECIBANS);
        }
        return decibans;
    }

    private static <K> void add(Map<K, Integer> weights, Map<K, Integer> decibans) {
        for (Map.Entry<K, Integer> weight : weights.entrySet()) {
            decibans.merge(weight.getKey(), weight.getValue(), Integer::sum);
        }
    }

    private static double odds(int decibans) {
        return Math.pow(10, decibans / 10.0);
    }

    private static double totalOdds(Map<?, Integer> decibans) {
        double total = 0;
        for (int each : decibans.values()) {
            total += odds(each);
        }
        return total;
    }

    private static List<Diagnosis.RankedCause> ranked(Map<Cause, Integer> decibans, double total) {
        List<Diagnosis.RankedCause> ranked = new ArrayList<>();
        for (Map.Entry<Cause, Integer> cause : decibans.entrySet()) {
            double probability = odds(cause.getValue()) / total;
            if (probability >= NEGLIGIBLE) {
                ranked.add(new Diagnosis.RankedCause(cause.getKey(), probability));
            }
        }
        ranked.sort((a, b) -> Double.compare(b.probability(), a.probability()));
        return ranked;
    }

    private static Map.Entry<Sender, Integer> mostProbable(Map<Sender, Integer> decibans) {
        return Collections.max(
                decibans.entrySet(), (a, b) -> Integer.compare(a.getValue(), b.getValue()));
    }

    private static List<Evidence> strongestFirst(Collection<Evidence> evidence) {
        List<Evidence> sorted = new ArrayList<>(evidence);
        sorted.sort((a, b) -> Integer.compare(b.strength(), a.strength()));
        return sorted;
    }

    /// `own` remedies, then the usual ones of the leading cause; none twice.
    private static List<Remedy> remedies(
            List<Diagnosis.RankedCause> ranked, double unknown, List<Remedy> own) {
        Map<String, Remedy> byAction = new LinkedHashMap<>();
        for (Remedy remedy : own) {
            byAction.putIfAbsent(remedy.action(), remedy);
        }
        if (!ranked.isEmpty() && ranked.getFirst().probability() > unknown) {
            for (Remedy remedy : Remedies.of(ranked.getFirst().cause())) {
                byAction.putIfAbsent(remedy.action(), remedy);
            }
        }
        return List.copyOf(byAction.values());
    }
}
