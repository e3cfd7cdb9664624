package dev.unreset;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Adds evidence up to a [Diagnosis] (naive Bayes, in decibans).
///
/// Every cause starts at [#PRIOR_DECIBANS] against "none of these", so that without evidence the
/// answer is "unknown". Evidence is taken as independent: a source that sees one fact in several
/// ways reports it once.
@SuppressWarnings("EnumOrdinal") // Decibans stand in arrays, beside the constants in their order.
public final class Diagnoser {

    /// The prior weight of each cause against "unknown".
    static final int PRIOR_DECIBANS = -10;

    /// A cause below this probability is left out of a diagnosis.
    private static final double NEGLIGIBLE = 0.005;

    private static final Cause[] CAUSES = Cause.values();
    private static final Sender[] SENDERS = Sender.values();

    private Diagnoser() {}

    /// The diagnosis of `evidence`, with the usual remedies of its leading cause.
    public static Diagnosis diagnose(Collection<Evidence> evidence) {
        return diagnose(evidence, List.of());
    }

    /// The diagnosis of `evidence`. `remedies` are those that a source knows for this very case
    /// (with its values); they come before the usual ones of the leading cause.
    public static Diagnosis diagnose(Collection<Evidence> evidence, List<Remedy> remedies) {
        int[] causes = causes(evidence);
        int[] senders = senders(evidence);
        double total = 1 + totalOdds(causes);
        List<Diagnosis.RankedCause> ranked = ranked(causes, total);
        int sender = mostProbable(senders);
        return new Diagnosis(
                ranked,
                1 / total,
                SENDERS[sender],
                odds(senders[sender]) / totalOdds(senders),
                strongestFirst(evidence),
                remedies(ranked, 1 / total, remedies));
    }

    /// Who most probably sent the RST: the sender of the diagnosis of `evidence`.
    public static Sender sender(Collection<Evidence> evidence) {
        return SENDERS[mostProbable(senders(evidence))];
    }

    /// The leading cause of the diagnosis of `evidence`; empty if "unknown" is more probable.
    public static Optional<Cause> leading(Collection<Evidence> evidence) {
        int[] causes = causes(evidence);
        int most = mostProbable(causes);
        return causes[most] > 0 ? Optional.of(CAUSES[most]) : Optional.empty();
    }

    private static int[] causes(Collection<Evidence> evidence) {
        int[] decibans = priors(CAUSES.length);
        for (Evidence each : evidence) {
            add(each.decibans(), decibans);
        }
        return decibans;
    }

    private static int[] senders(Collection<Evidence> evidence) {
        int[] decibans = priors(SENDERS.length);
        for (Evidence each : evidence) {
            add(each.senderDecibans(), decibans);
        }
        decibans[Sender.UNKNOWN.ordinal()] = 0;
        return decibans;
    }

    private static int[] priors(int count) {
        int[] decibans = new int[count];
        Arrays.fill(decibans, PRIOR_DECIBANS);
        return decibans;
    }

    private static <K extends Enum<K>> void add(Map<K, Integer> weights, int[] decibans) {
        for (Map.Entry<K, Integer> weight : weights.entrySet()) {
            decibans[weight.getKey().ordinal()] += weight.getValue();
        }
    }

    private static double odds(int decibans) {
        return Math.pow(10, decibans / 10.0);
    }

    private static double totalOdds(int[] decibans) {
        double total = 0;
        for (int each : decibans) {
            total += odds(each);
        }
        return total;
    }

    private static List<Diagnosis.RankedCause> ranked(int[] decibans, double total) {
        List<Diagnosis.RankedCause> ranked = new ArrayList<>();
        for (Cause cause : CAUSES) {
            double probability = odds(decibans[cause.ordinal()]) / total;
            if (probability >= NEGLIGIBLE) {
                ranked.add(new Diagnosis.RankedCause(cause, probability));
            }
        }
        ranked.sort((a, b) -> Double.compare(b.probability(), a.probability()));
        return ranked;
    }

    /// The index of the largest; the first of several.
    private static int mostProbable(int[] decibans) {
        int most = 0;
        for (int i = 1; i < decibans.length; i++) {
            most = decibans[i] > decibans[most] ? i : most;
        }
        return most;
    }

    /// Those of the same strength stay in their order.
    private static List<Evidence> strongestFirst(Collection<Evidence> evidence) {
        List<Evidence> sorted = new ArrayList<>(evidence.size());
        int[] strengths = new int[evidence.size()];
        for (Evidence each : evidence) {
            int strength = each.strength();
            int at = sorted.size();
            while (at > 0 && strengths[at - 1] < strength) {
                strengths[at] = strengths[at - 1];
                at--;
            }
            strengths[at] = strength;
            sorted.add(at, each);
        }
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
