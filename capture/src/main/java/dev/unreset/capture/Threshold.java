package dev.unreset.capture;

import dev.unreset.capture.Admission.Arrival;
import dev.unreset.capture.Admission.Fate;
import dev.unreset.capture.Admission.Kind;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A number of other connections from which on a connection is turned away: each is tried, and
/// small ones are more probable.
final class Threshold {

    /// Thresholds up to here are thought possible before anything is seen.
    private static final int USUAL = 256;

    private final List<Arrival> arrivals = new ArrayList<>();
    private final List<Integer> counts = new ArrayList<>();
    private int @Nullable [] errors;

    /// Adds a connection that found `count` others.
    void add(Arrival arrival, int count) {
        arrivals.add(arrival);
        counts.add(count);
    }

    /// How many each threshold tells wrongly; that of 0 turns all away, the last one nobody.
    private int[] errors() {
        if (errors != null) {
            return errors;
        }
        int most = 0;
        for (int count : counts) {
            most = Math.max(most, count);
        }
        int[] all = new int[most + 2];
        // What a threshold of one more changes.
        int[] change = new int[most + 2];
        for (int i = 0; i < counts.size(); i++) {
            switch (arrivals.get(i).fate()) {
                case LET_IN -> {
                    all[0]++;
                    change[counts.get(i) + 1]--;
                }
                case TURNED_AWAY -> change[counts.get(i) + 1]++;
                case UNKNOWN -> {}
            }
        }
        for (int i = 1; i < all.length; i++) {
            all[i] = all[i - 1] + change[i];
        }
        errors = all;
        return all;
    }

    int best() {
        int[] all = errors();
        int best = 1;
        for (int i = 2; i < all.length; i++) {
            best = all[i] < all[best] ? i : best;
        }
        return best;
    }

    Explanation explanation(Kind kind, String words, int all) {
        int[] each = errors();
        int best = best();
        double most = Explanation.likelihood(0, all);
        double sum = 0;
        double weights = 0;
        for (int i = 1; i < Math.max(each.length, USUAL); i++) {
            int wrong = each[Math.min(i, each.length - 1)];
            sum += Math.exp(Explanation.likelihood(wrong, all) - most) / i;
            weights += 1.0 / i;
        }
        List<Arrival> wrong = new ArrayList<>();
        for (int i = 0; i < counts.size(); i++) {
            Fate expected = counts.get(i) < best ? Fate.LET_IN : Fate.TURNED_AWAY;
            Fate fate = arrivals.get(i).fate();
            if (fate != Fate.UNKNOWN && fate != expected) {
                wrong.add(arrivals.get(i));
            }
        }
        return new Explanation(kind, words, most + Math.log(sum / weights), wrong);
    }
}
