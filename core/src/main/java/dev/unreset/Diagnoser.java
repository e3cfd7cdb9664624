package dev.unreset;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumMap;
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
        Map<Cause, Double> odds = odds(Cause.class, PRIOR_DECIBANS);
        Map<Sender, Double> senderOdds = odds(Sender.class, PRIOR_DECIBANS);
        for (Evidence each : evidence) {
            each.decibans()
                    .forEach((cause, weight) -> odds.merge(cause, ratio(weight), (a, b) -> a * b));
            each.senderDecibans()
                    .forEach((sender, weight) ->
                            senderOdds.merge(sender, ratio(weight), (a, b) -> a * b));
        }
        senderOdds.put(Sender.UNKNOWN, 1.0);

        double total = 1 + odds.values().stream().mapToDouble(Double::doubleValue).sum();
        List<Diagnosis.RankedCause> causes = new ArrayList<>();
        odds.forEach((cause, odd) -> {
            if (odd / total >= NEGLIGIBLE) {
                causes.add(new Diagnosis.RankedCause(cause, odd / total));
            }
        });
        causes.sort(Comparator.comparingDouble(Diagnosis.RankedCause::probability).reversed());

        double senderTotal = senderOdds.values().stream().mapToDouble(Double::doubleValue).sum();
        Map.Entry<Sender, Double> sender =
                senderOdds.entrySet().stream().max(Map.Entry.comparingByValue()).orElseThrow();

        List<Evidence> strongestFirst = new ArrayList<>(evidence);
        strongestFirst.sort(Comparator.comparingInt(Evidence::strength).reversed());

        List<Remedy> allRemedies = new ArrayList<>(remedies);
        if (!causes.isEmpty() && causes.getFirst().probability() > 1 / total) {
            allRemedies.addAll(Remedies.of(causes.getFirst().cause()));
        }
        return new Diagnosis(
                causes,
                1 / total,
                sender.getKey(),
                sender.getValue() / senderTotal,
                strongestFirst,
                allRemedies.stream().distinct().toList());
    }

    private static <K extends Enum<K>> Map<K, Double> odds(Class<K> keys, int decibans) {
        Map<K, Double> odds = new EnumMap<>(keys);
        for (K key : keys.getEnumConstants()) {
            odds.put(key, ratio(decibans));
        }
        return odds;
    }

    private static double ratio(int decibans) {
        return Math.pow(10, decibans / 10.0);
    }
}
