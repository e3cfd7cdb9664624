package dev.unreset.capture;

import dev.unreset.capture.Admission.Arrival;
import dev.unreset.capture.Admission.Fate;
import dev.unreset.capture.Admission.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import org.jspecify.annotations.Nullable;

/// A number of other connections from which on a connection is turned away: each is tried, and
/// small ones are more probable.
final class Threshold {

    /// Thresholds up to here are thought possible before anything is seen.
    private static final int USUAL = 256;

    private final List<Arrival> arrivals = new ArrayList<>();
    private final List<Integer> counts = new ArrayList<>();
    private @Nullable Below below;

    /// By the number of others, how many that found fewer were let in and turned away.
    private static final class Below {

        private final int[] in;
        private final int[] away;

        Below(int[] in, int[] away) {
            this.in = in;
            this.away = away;
        }

        int thresholds() {
            return in.length;
        }

        /// Those that were let in though the threshold was reached.
        int inAbove(int threshold) {
            return in[in.length - 1] - in[Math.min(threshold, in.length - 1)];
        }

        int awayAbove(int threshold) {
            return away[away.length - 1] - away[Math.min(threshold, away.length - 1)];
        }

        int inBelow(int threshold) {
            return in[Math.min(threshold, in.length - 1)];
        }

        int awayBelow(int threshold) {
            return away[Math.min(threshold, away.length - 1)];
        }

        int errors(int threshold) {
            return inAbove(threshold) + awayBelow(threshold);
        }
    }

    /// Adds a connection that found `count` others.
    void add(Arrival arrival, int count) {
        arrivals.add(arrival);
        counts.add(count);
    }

    private Below below() {
        if (below != null) {
            return below;
        }
        int most = 0;
        for (int count : counts) {
            most = Math.max(most, count);
        }
        int[] in = new int[most + 2];
        int[] away = new int[most + 2];
        for (int i = 0; i < counts.size(); i++) {
            in[counts.get(i) + 1] += arrivals.get(i).fate() == Fate.LET_IN ? 1 : 0;
            away[counts.get(i) + 1] += arrivals.get(i).fate() == Fate.TURNED_AWAY ? 1 : 0;
        }
        for (int i = 1; i < in.length; i++) {
            in[i] += in[i - 1];
            away[i] += away[i - 1];
        }
        below = new Below(in, away);
        return below;
    }

    private int best() {
        Below those = below();
        int best = 1;
        for (int i = 2; i < those.thresholds(); i++) {
            best = those.errors(i) < those.errors(best) ? i : best;
        }
        return best;
    }

    /// @param what follows the number
    Explanation explanation(Kind kind, String what, int all) {
        Below those = below();
        int best = best();
        double likelihood =
                averaged(threshold -> Explanation.likelihood(those.errors(threshold), all));
        List<Arrival> wrong = turnedAwayBelow(best);
        for (int i = 0; i < counts.size(); i++) {
            if (counts.get(i) >= best && arrivals.get(i).fate() == Fate.LET_IN) {
                wrong.add(arrivals.get(i));
            }
        }
        return new Explanation(kind, best + what, likelihood, wrong);
    }

    /// The threshold of who decides some time after a connection has come, as a program that is
    /// busy accepts, or that counts requests: some come while it is reached, and are let in when it
    /// is not any more. How many is not known; but nobody is turned away before. Where they are
    /// more than half as many as those turned away then, it is as improbable as if it told all
    /// wrongly.
    Explanation explanationOfLate(String what, int all) {
        Below those = below();
        double likelihood = averaged(threshold -> likelihoodOfLate(those, threshold));
        int best = 1;
        for (int i = 2; i < those.thresholds(); i++) {
            best = likelihoodOfLate(those, i) > likelihoodOfLate(those, best) ? i : best;
        }
        boolean most = those.awayAbove(best) >= 2 * those.inAbove(best);
        return new Explanation(
                Kind.OPEN_LATER,
                "about " + best + what,
                most ? likelihood : Explanation.likelihood(all, all),
                turnedAwayBelow(best));
    }

    private static double likelihoodOfLate(Below those, int threshold) {
        int away = those.awayBelow(threshold);
        return Explanation.likelihood(away, away + those.inBelow(threshold))
                - Explanation.logOfWays(those.awayAbove(threshold), those.inAbove(threshold));
    }

    private double averaged(IntToDoubleFunction likelihood) {
        int thresholds = below().thresholds();
        double[] each = new double[thresholds];
        double most = Double.NEGATIVE_INFINITY;
        for (int i = 1; i < thresholds; i++) {
            each[i] = likelihood.applyAsDouble(i);
            most = Math.max(most, each[i]);
        }
        double sum = 0;
        double weights = 0;
        for (int i = 1; i < Math.max(thresholds, USUAL); i++) {
            sum += Math.exp(each[Math.min(i, thresholds - 1)] - most) / i;
            weights += 1.0 / i;
        }
        return most + Math.log(sum / weights);
    }

    private List<Arrival> turnedAwayBelow(int threshold) {
        List<Arrival> wrong = new ArrayList<>();
        for (int i = 0; i < counts.size(); i++) {
            if (counts.get(i) < threshold && arrivals.get(i).fate() == Fate.TURNED_AWAY) {
                wrong.add(arrivals.get(i));
            }
        }
        return wrong;
    }
}
