package dev.unreset.capture;

import dev.unreset.capture.Admission.Arrival;
import dev.unreset.capture.Admission.Fate;
import dev.unreset.capture.Admission.Kind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// One explanation of which connections were let in and which were turned away, with the figures
/// that tell best.
///
/// Limits of open connections and of rates turn away in the same way. So each is tried with all of
/// its possible figures, and weighed by how probable it makes what became of all connections,
/// beside the plain explanation that the server was there and not there in turns. The figures are
/// averaged over, not fitted: an explanation that could explain everything explains little.
///
/// @param likelihood its natural logarithm, over all figures
/// @param wrong those that the best figures tell wrongly
record Explanation(Kind kind, String words, double likelihood, List<Arrival> wrong) {

    /// How probably a limit tells one wrongly: what a capture shows of times is not what who counts
    /// sees of them.
    private static final double ERROR = 0.03;

    /// So often at least, a rate turns away who comes after one that was let in.
    private static final int LEAST_TURNS = 2;

    // Connections a second.
    private static final double SLOWEST = 0.2;
    private static final double FASTEST = 500;
    private static final double RATE_STEP = 1.1;

    /// Of a token: what is so near to a whole one may be one.
    private static final double NEARLY = 0.1;

    /// In seconds.
    private static final int[] WINDOWS = {1, 2, 3, 5, 10, 20, 30, 60};

    /// In which a window of fixed length may begin.
    private static final int PHASES = 8;

    private static final int[] BURSTS = {1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 100};

    Explanation {
        wrong = List.copyOf(wrong);
    }

    int errors() {
        return wrong.size();
    }

    /// The best of `alike`, which are of one kind, as probable as they are on the average.
    private static Explanation averaged(List<Explanation> alike) {
        Explanation best = alike.getFirst();
        for (Explanation each : alike) {
            best = each.likelihood > best.likelihood ? each : best;
        }
        double sum = 0;
        for (Explanation each : alike) {
            sum += Math.exp(each.likelihood - best.likelihood);
        }
        double mean = best.likelihood + Math.log(sum / alike.size());
        return new Explanation(best.kind, best.words, mean, best.wrong);
    }

    /// One of each kind that can be, the most probable first.
    ///
    /// @param arrivals of which `in` were let in, and `away` turned away
    /// @param refuses as in [Admission#of]
    static List<Explanation> of(List<Arrival> arrivals, int in, int away, boolean refuses) {
        int all = in + away;
        List<List<Arrival>> clients = byClient(arrivals);
        List<Explanation> open = new ArrayList<>();
        List<Explanation> rates = new ArrayList<>();
        open.add(open(List.of(arrivals), all, "", Explanation::exactly));
        addRates(List.of(arrivals), all, "", rates);
        if (clients.size() > 1) {
            open.add(open(clients, all, " for each client", Explanation::exactly));
            addRates(clients, all, " for each client", rates);
        }
        List<Explanation> explanations = new ArrayList<>();
        explanations.add(averaged(open));
        // A rate lets in again; to be refused once, for a while, is a restart.
        boolean again = arrivals.getLast().fate() == Fate.LET_IN;
        if (turns(arrivals) >= LEAST_TURNS || (again && !refuses)) {
            explanations.add(averaged(rates));
        }
        explanations.add(presence(arrivals));
        explanations.add(chance(in, away));
        if (clients.size() > 1) {
            address(arrivals, clients, all).ifPresent(explanations::add);
        }
        explanations.sort((a, b) -> Double.compare(b.likelihood, a.likelihood));
        return explanations;
    }

    /// The same number where it is not looked at when a connection comes, but later: see
    /// [Threshold#explanationOfLate].
    static Explanation ofLate(List<Arrival> arrivals, int all) {
        Explanation ofAll = open(List.of(arrivals), all, "", Threshold::explanationOfLate);
        List<List<Arrival>> clients = byClient(arrivals);
        Explanation ofEach = open(clients, all, " for each client", Threshold::explanationOfLate);
        return clients.size() > 1 && ofEach.likelihood > ofAll.likelihood ? ofEach : ofAll;
    }

    /// How often somebody was turned away after one had been let in.
    private static int turns(List<Arrival> arrivals) {
        int turns = 0;
        boolean in = true;
        for (Arrival arrival : arrivals) {
            turns += in && arrival.fate() == Fate.TURNED_AWAY ? 1 : 0;
            in = arrival.fate() == Fate.LET_IN || (in && arrival.fate() == Fate.UNKNOWN);
        }
        return turns;
    }

    /// Nothing tells.
    static Explanation chance(int in, int away) {
        return new Explanation(Kind.CHANCE, "chance", -logOfWays(in, away), List.of());
    }

    private static List<List<Arrival>> byClient(List<Arrival> arrivals) {
        Map<Integer, List<Arrival>> clients = new HashMap<>();
        for (Arrival arrival : arrivals) {
            clients.computeIfAbsent(arrival.client(), each -> new ArrayList<>()).add(arrival);
        }
        return List.copyOf(clients.values());
    }

    /// The probability of `errors` in `all`, as a logarithm.
    static double likelihood(int errors, int all) {
        return errors * Math.log(ERROR) + (all - errors) * Math.log(1 - ERROR);
    }

    private static void addRates(
            List<List<Arrival>> groups, int all, String whose, List<Explanation> explanations) {
        explanations.add(rate(groups, all, whose));
        for (int seconds : WINDOWS) {
            explanations.add(window(groups, all, whose, seconds, true));
            explanations.add(window(groups, all, whose, seconds, false));
            explanations.add(fixedWindow(groups, all, whose, seconds));
        }
    }

    // ---- explanations

    /// How a number of others tells who is turned away.
    private interface Telling {
        Explanation by(Threshold threshold, String what, int all);
    }

    private static Explanation exactly(Threshold threshold, String what, int all) {
        return threshold.explanation(Kind.OPEN_CONNECTIONS, what, all);
    }

    /// A number of open connections from which on others are turned away.
    private static Explanation open(
            List<List<Arrival>> groups, int all, String whose, Telling telling) {
        Threshold threshold = new Threshold();
        for (List<Arrival> group : groups) {
            List<Arrival> open = new ArrayList<>();
            for (Arrival arrival : group) {
                open.removeIf(other -> other.endNanos() <= arrival.startNanos());
                threshold.add(arrival, open.size());
                if (arrival.endNanos() > arrival.startNanos()) {
                    open.add(arrival);
                }
            }
        }
        return telling.by(threshold, " open connections" + whose, all);
    }

    /// A number of connections in so many seconds.
    ///
    /// @param every whether those that are turned away count as well
    private static Explanation window(
            List<List<Arrival>> groups, int all, String whose, int seconds, boolean every) {
        Threshold threshold = new Threshold();
        for (List<Arrival> group : groups) {
            Deque<Arrival> lately = new ArrayDeque<>();
            for (Arrival arrival : group) {
                long from = arrival.startNanos() - seconds * 1_000_000_000L;
                while (!lately.isEmpty() && lately.getFirst().startNanos() < from) {
                    lately.removeFirst();
                }
                threshold.add(arrival, lately.size());
                if (every || arrival.fate() == Fate.LET_IN) {
                    lately.addLast(arrival);
                }
            }
        }
        return threshold.explanation(
                Kind.RATE, " new connections in " + seconds + " s" + whose, all);
    }

    /// The same, counted anew each time so many seconds are over; when that is, nobody knows.
    private static Explanation fixedWindow(
            List<List<Arrival>> groups, int all, String whose, int seconds) {
        long length = seconds * 1_000_000_000L;
        List<Explanation> phases = new ArrayList<>();
        for (int phase = 0; phase < PHASES; phase++) {
            Threshold threshold = new Threshold();
            for (List<Arrival> group : groups) {
                long window = Long.MIN_VALUE;
                int count = 0;
                for (Arrival arrival : group) {
                    long now =
                            Math.floorDiv(arrival.startNanos() - phase * length / PHASES, length);
                    count = now == window ? count : 0;
                    window = now;
                    threshold.add(arrival, count++);
                }
            }
            String what = " new connections each " + seconds + " s" + whose;
            phases.add(threshold.explanation(Kind.RATE, what, all));
        }
        return averaged(phases);
    }

    /// The rate and the burst of a token bucket that turns away who comes when it is empty. Of
    /// rates that tell equally well, what is between them is said.
    private static Explanation rate(List<List<Arrival>> groups, int all, String whose) {
        int least = Integer.MAX_VALUE;
        double slowest = 0;
        double fastest = 0;
        int bestBurst = 0;
        double sum = 0;
        int count = 0;
        double most = likelihood(0, all);
        for (double rate = SLOWEST; rate < FASTEST; rate *= RATE_STEP) {
            for (int burst : BURSTS) {
                int errors = 0;
                for (List<Arrival> group : groups) {
                    errors += wrong(group, rate, burst, arrival -> {});
                }
                if (errors < least) {
                    least = errors;
                    slowest = rate;
                    bestBurst = burst;
                }
                fastest = errors == least && burst == bestBurst ? rate : fastest;
                sum += Math.exp(likelihood(errors, all) - most);
                count++;
            }
        }
        double middle = Math.sqrt(slowest * fastest);
        List<Arrival> wrong = new ArrayList<>();
        for (List<Arrival> group : groups) {
            wrong(group, slowest, bestBurst, wrong::add);
        }
        return new Explanation(
                Kind.RATE,
                "about "
                        + String.format(Locale.ROOT, middle < 3 ? "%.1f" : "%.0f", middle)
                        + " new connections a second"
                        + whose
                        + ", "
                        + bestBurst
                        + " at once",
                most + Math.log(sum / count),
                wrong);
    }

    /// Counts those of `group` that such a bucket tells wrongly.
    private static int wrong(List<Arrival> group, double rate, int burst, Consumer<Arrival> wrong) {
        double tokens = burst;
        long last = group.getFirst().startNanos();
        int errors = 0;
        for (Arrival arrival : group) {
            tokens = Math.min(burst, tokens + (arrival.startNanos() - last) / 1e9 * rate);
            last = arrival.startNanos();
            boolean isWrong =
                    switch (arrival.fate()) {
                        case LET_IN -> tokens < 1 - NEARLY;
                        case TURNED_AWAY -> tokens > 1 + NEARLY || tokens == burst;
                        case UNKNOWN -> false;
                    };
            if (isWrong) {
                errors++;
                wrong.accept(arrival);
            }
            if (arrival.fate() == Fate.LET_IN) {
                tokens = Math.max(0, tokens - 1);
            }
        }
        return errors;
    }

    /// Some addresses are let in, and others never, at the same time.
    private static Optional<Explanation> address(
            List<Arrival> arrivals, List<List<Arrival>> clients, int all) {
        List<Arrival> wrong = new ArrayList<>();
        Set<Integer> outside = new HashSet<>();
        for (List<Arrival> client : clients) {
            boolean isOutside =
                    Admission.count(client, Fate.TURNED_AWAY)
                            > Admission.count(client, Fate.LET_IN);
            if (isOutside) {
                outside.add(client.getFirst().client());
            }
            for (Arrival arrival : client) {
                if (arrival.fate() == (isOutside ? Fate.LET_IN : Fate.TURNED_AWAY)) {
                    wrong.add(arrival);
                }
            }
        }
        boolean refused = false;
        boolean meanwhile = false;
        for (Arrival arrival : arrivals) {
            boolean isOutside = outside.contains(arrival.client());
            refused |= isOutside && arrival.fate() == Fate.TURNED_AWAY;
            meanwhile |= refused && !isOutside && arrival.fate() == Fate.LET_IN;
        }
        int count = outside.size();
        return meanwhile
                ? Optional.of(
                        new Explanation(
                                Kind.ADDRESS,
                                count == 1
                                        ? "the address of one client"
                                        : "the addresses of " + count + " clients",
                                likelihood(wrong.size(), all) - clients.size() * Math.log(2),
                                wrong))
                : Optional.empty();
    }

    /// The server is there or not: what became of a connection tells what becomes of the next.
    private static Explanation presence(List<Arrival> arrivals) {
        int[] stayed = new int[2];
        int[] changed = new int[2];
        int state = -1;
        for (Arrival arrival : arrivals) {
            if (arrival.fate() != Fate.UNKNOWN) {
                int now = arrival.fate() == Fate.LET_IN ? 1 : 0;
                if (state >= 0) {
                    (now == state ? stayed : changed)[state]++;
                }
                state = now;
            }
        }
        double likelihood = -Math.log(2);
        for (int each = 0; each < 2; each++) {
            likelihood -= logOfWays(stayed[each], changed[each]);
        }
        return new Explanation(Kind.PRESENCE, "that the server is there", likelihood, List.of());
    }

    /// With an unknown chance to change, `stayed` and `changed` in a given order are as probable as
    /// one in so many (the integral of p^changed (1-p)^stayed).
    static double logOfWays(int stayed, int changed) {
        double log = Math.log(stayed + changed + 1);
        for (int i = 1; i <= changed; i++) {
            log += Math.log((double) (stayed + i) / i);
        }
        return log;
    }
}
