package dev.unreset.capture;

import dev.unreset.Cause;
import dev.unreset.Evidence;
import dev.unreset.Remedy;
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
import java.util.stream.Collectors;

/// What tells which connections a server, or a firewall before it, lets in and which it turns away:
/// a limit of open connections, a limit of the rate of new ones, or the address that they come
/// from.
///
/// Each of these turns away in the same way. So each is tried with all of its possible figures, and
/// weighed by how probable it makes what became of all connections, beside the plain explanation
/// that the server was there and not there in turns. (The figures are averaged over, not fitted: an
/// explanation that could explain everything explains little.)
///
/// @param kind what tells best
/// @param words what it is: `5 open connections for each client`
/// @param told how many of `all` connections it tells rightly
/// @param lead in decibans, before the next best explanation
/// @param second the cause of that one
/// @param fromNanos when the first of the connections came that were looked at
/// @param toNanos when the last of them came
/// @param exceptions when those came that it tells wrongly
record Admission(
        Kind kind,
        String words,
        int told,
        int all,
        double lead,
        Cause second,
        long fromNanos,
        long toNanos,
        Set<Long> exceptions) {

    Admission {
        exceptions = Set.copyOf(exceptions);
    }

    /// What may tell who is let in.
    enum Kind {
        OPEN_CONNECTIONS(Cause.CONNECTION_LIMIT),
        RATE(Cause.RATE_LIMIT),
        ADDRESS(Cause.MIDDLEBOX),

        /// The server is there for a while, and then not.
        PRESENCE(Cause.SERVER_RESTART),

        /// Nothing of this; what the client said, perhaps.
        CHANCE(Cause.PROTOCOL_VIOLATION);

        private final Cause cause;

        Kind(Cause cause) {
            this.cause = cause;
        }
    }

    /// What became of a connection.
    enum Fate {
        LET_IN,
        TURNED_AWAY,

        /// It is open, but nothing tells when it was let in; or it never spoke.
        UNKNOWN
    }

    /// A connection that came to the server.
    ///
    /// @param endNanos when it was no longer open; its start if it never was
    /// @param client which address it came from
    record Arrival(long startNanos, long endNanos, int client, Fate fate) {}

    /// Connections that are looked at, and those before the first that was turned away.
    private static final int MOST = 600;

    private static final int MOST_BEFORE = 200;

    private static final int LEAST_OF_EACH = 2;
    private static final int LEAST = 6;

    /// How probably a limit tells one wrongly: what a capture shows of times is not what who counts
    /// sees of them.
    private static final double ERROR = 0.03;

    /// One in so many may be told wrongly.
    private static final int MOST_ERRORS = 3;

    private static final double LEAST_LEAD = 6;
    private static final int WEIGHT = 26;
    private static final int LEAST_WEIGHT = 10;
    private static final double DECIBANS = 10 / Math.log(10);

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

    /// An explanation, with its best figures.
    ///
    /// @param likelihood its natural logarithm, over all figures
    /// @param wrong those that the best figures tell wrongly
    record Model(Kind kind, String words, double likelihood, List<Arrival> wrong) {

        Model {
            wrong = List.copyOf(wrong);
        }

        int errors() {
            return wrong.size();
        }

        /// The best of `models`, which are of one kind, as probable as they are on the average.
        static Model of(List<Model> models) {
            Model best = models.getFirst();
            for (Model model : models) {
                best = model.likelihood > best.likelihood ? model : best;
            }
            double sum = 0;
            for (Model model : models) {
                sum += Math.exp(model.likelihood - best.likelihood);
            }
            double mean = best.likelihood + Math.log(sum / models.size());
            return new Model(best.kind, best.words, mean, best.wrong);
        }
    }

    /// What tells best: chance, if nothing tells well enough; empty if they are too few.
    ///
    /// @param refuses whether those turned away were refused, as by a server that is not there, or
    ///   not answered; else they were accepted, and then sent away
    static Optional<Admission> of(List<Arrival> arrivals, boolean refuses) {
        List<Arrival> some = aroundTheFirstTurnedAway(arrivals);
        int in = count(some, Fate.LET_IN);
        int away = count(some, Fate.TURNED_AWAY);
        int all = in + away;
        if (Math.min(in, away) < LEAST_OF_EACH || all < LEAST) {
            return Optional.empty();
        }
        List<Model> models = models(some, in, away, refuses);
        models.sort((a, b) -> Double.compare(b.likelihood, a.likelihood));
        Model best = models.getFirst();
        Model second = models.get(1);
        double lead = (best.likelihood - second.likelihood) * DECIBANS;
        boolean tells = lead >= LEAST_LEAD && best.errors() * MOST_ERRORS <= Math.min(in, away);
        return Optional.of(
                new Admission(
                        tells ? best.kind : Kind.CHANCE,
                        best.words,
                        all - best.errors(),
                        all,
                        lead,
                        second.kind.cause,
                        some.getFirst().startNanos,
                        some.getLast().startNanos,
                        best.wrong.stream().map(Arrival::startNanos).collect(Collectors.toSet())));
    }

    /// One of each kind that can be.
    private static List<Model> models(List<Arrival> arrivals, int in, int away, boolean refuses) {
        int all = in + away;
        List<List<Arrival>> clients = byClient(arrivals);
        List<Model> open = new ArrayList<>();
        List<Model> rates = new ArrayList<>();
        open.add(open(List.of(arrivals), all, ""));
        addRates(List.of(arrivals), all, "", rates);
        if (clients.size() > 1) {
            open.add(open(clients, all, " for each client"));
            addRates(clients, all, " for each client", rates);
        }
        List<Model> models = new ArrayList<>();
        models.add(Model.of(open));
        // A rate lets in again; to be refused once, for a while, is a restart.
        boolean again = arrivals.getLast().fate == Fate.LET_IN;
        if (turns(arrivals) >= LEAST_OF_EACH || (again && !refuses)) {
            models.add(Model.of(rates));
        }
        models.add(presence(arrivals));
        models.add(new Model(Kind.CHANCE, "chance", -logOfWays(in, away), List.of()));
        if (clients.size() > 1) {
            address(arrivals, clients, all).ifPresent(models::add);
        }
        return models;
    }

    /// How often somebody was turned away after one had been let in.
    private static int turns(List<Arrival> arrivals) {
        int turns = 0;
        boolean in = true;
        for (Arrival arrival : arrivals) {
            turns += in && arrival.fate == Fate.TURNED_AWAY ? 1 : 0;
            in = arrival.fate == Fate.LET_IN || (in && arrival.fate == Fate.UNKNOWN);
        }
        return turns;
    }

    /// Whether it tells rightly of a connection that came at `nanos` and was turned away.
    boolean tells(long nanos) {
        return nanos >= fromNanos && nanos <= toNanos && !exceptions.contains(nanos);
    }

    /// Whether a limit, or the address, tells who was turned away.
    boolean isLimit() {
        return switch (kind) {
            case OPEN_CONNECTIONS, RATE, ADDRESS -> true;
            case PRESENCE, CHANCE -> false;
        };
    }

    /// Whether the server was there for a while, and then not: no limit turned anybody away.
    boolean isPresence() {
        return kind == Kind.PRESENCE;
    }

    /// What a limit says of a connection that was turned away by `packet`.
    Evidence evidence(Facts facts, Packet packet) {
        String limit = kind == Kind.ADDRESS ? words : "a limit of " + words;
        int errors = all - told;
        return facts.of(
                        packet,
                        limit
                                + " explains which of "
                                + all
                                + " connections were let in"
                                + (errors == 0 ? "" : ", but for " + errors))
                .weighs(kind.cause, WEIGHT)
                .weighs(second, (int) Math.max(LEAST_WEIGHT, WEIGHT - lead));
    }

    /// How to stay below the limit that `cause` is.
    Optional<Remedy> remedy(Cause cause) {
        return kind != Kind.ADDRESS && isLimit() && cause == kind.cause
                ? Optional.of(
                        new Remedy(
                                Remedy.Where.CLIENT,
                                "Keep to "
                                        + words
                                        + ", the limit that this capture shows: share connections, and reuse them."))
                : Optional.empty();
    }

    /// In order of time; those before them that were open still are there as well.
    private static List<Arrival> aroundTheFirstTurnedAway(List<Arrival> arrivals) {
        List<Arrival> inOrder = new ArrayList<>(arrivals);
        inOrder.sort(Admission::inOrder);
        int first = 0;
        while (first < inOrder.size() && inOrder.get(first).fate != Fate.TURNED_AWAY) {
            first++;
        }
        int from = Math.max(0, first - MOST_BEFORE);
        List<Arrival> around = new ArrayList<>();
        for (Arrival arrival : inOrder.subList(0, from)) {
            if (arrival.endNanos > inOrder.get(from).startNanos) {
                around.add(
                        new Arrival(
                                arrival.startNanos,
                                arrival.endNanos,
                                arrival.client,
                                Fate.UNKNOWN));
            }
        }
        around.addAll(inOrder.subList(from, Math.min(inOrder.size(), from + MOST)));
        return around;
    }

    /// The same in each process, whatever the clients' numbers are.
    private static int inOrder(Arrival a, Arrival b) {
        int order = Long.compare(a.startNanos, b.startNanos);
        order = order != 0 ? order : a.fate.compareTo(b.fate);
        return order != 0 ? order : Long.compare(a.endNanos, b.endNanos);
    }

    private static int count(List<Arrival> arrivals, Fate fate) {
        int count = 0;
        for (Arrival arrival : arrivals) {
            count += arrival.fate == fate ? 1 : 0;
        }
        return count;
    }

    private static List<List<Arrival>> byClient(List<Arrival> arrivals) {
        Map<Integer, List<Arrival>> clients = new HashMap<>();
        for (Arrival arrival : arrivals) {
            clients.computeIfAbsent(arrival.client, each -> new ArrayList<>()).add(arrival);
        }
        return List.copyOf(clients.values());
    }

    /// The probability of `errors` in `all`, as a logarithm.
    static double likelihood(int errors, int all) {
        return errors * Math.log(ERROR) + (all - errors) * Math.log(1 - ERROR);
    }

    private static void addRates(
            List<List<Arrival>> groups, int all, String whose, List<Model> models) {
        models.add(rate(groups, all, whose));
        for (int seconds : WINDOWS) {
            models.add(window(groups, all, whose, seconds, true));
            models.add(window(groups, all, whose, seconds, false));
            models.add(fixedWindow(groups, all, whose, seconds));
        }
    }

    // ---- explanations

    /// A number of open connections from which on others are turned away.
    private static Model open(List<List<Arrival>> groups, int all, String whose) {
        Threshold threshold = new Threshold();
        for (List<Arrival> group : groups) {
            List<Arrival> open = new ArrayList<>();
            for (Arrival arrival : group) {
                open.removeIf(other -> other.endNanos <= arrival.startNanos);
                threshold.add(arrival, open.size());
                if (arrival.endNanos > arrival.startNanos) {
                    open.add(arrival);
                }
            }
        }
        return threshold.model(
                Kind.OPEN_CONNECTIONS, threshold.best() + " open connections" + whose, all);
    }

    /// A number of connections in so many seconds.
    ///
    /// @param every whether those that are turned away count as well
    private static Model window(
            List<List<Arrival>> groups, int all, String whose, int seconds, boolean every) {
        Threshold threshold = new Threshold();
        for (List<Arrival> group : groups) {
            Deque<Arrival> lately = new ArrayDeque<>();
            for (Arrival arrival : group) {
                long from = arrival.startNanos - seconds * 1_000_000_000L;
                while (!lately.isEmpty() && lately.getFirst().startNanos < from) {
                    lately.removeFirst();
                }
                threshold.add(arrival, lately.size());
                if (every || arrival.fate == Fate.LET_IN) {
                    lately.addLast(arrival);
                }
            }
        }
        return threshold.model(
                Kind.RATE, threshold.best() + " new connections in " + seconds + " s" + whose, all);
    }

    /// The same, counted anew each time so many seconds are over; when that is, nobody knows.
    private static Model fixedWindow(
            List<List<Arrival>> groups, int all, String whose, int seconds) {
        long length = seconds * 1_000_000_000L;
        List<Model> models = new ArrayList<>();
        for (int phase = 0; phase < PHASES; phase++) {
            Threshold threshold = new Threshold();
            for (List<Arrival> group : groups) {
                long window = Long.MIN_VALUE;
                int count = 0;
                for (Arrival arrival : group) {
                    long now = Math.floorDiv(arrival.startNanos - phase * length / PHASES, length);
                    count = now == window ? count : 0;
                    window = now;
                    threshold.add(arrival, count++);
                }
            }
            String words = threshold.best() + " new connections each " + seconds + " s" + whose;
            models.add(threshold.model(Kind.RATE, words, all));
        }
        return Model.of(models);
    }

    /// The rate and the burst of a token bucket that turns away who comes when it is empty. Of
    /// rates that tell equally well, what is between them is said.
    private static Model rate(List<List<Arrival>> groups, int all, String whose) {
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
        return new Model(
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
        long last = group.getFirst().startNanos;
        int errors = 0;
        for (Arrival arrival : group) {
            tokens = Math.min(burst, tokens + (arrival.startNanos - last) / 1e9 * rate);
            last = arrival.startNanos;
            boolean isWrong =
                    switch (arrival.fate) {
                        case LET_IN -> tokens < 1 - NEARLY;
                        case TURNED_AWAY -> tokens > 1 + NEARLY || tokens == burst;
                        case UNKNOWN -> false;
                    };
            if (isWrong) {
                errors++;
                wrong.accept(arrival);
            }
            if (arrival.fate == Fate.LET_IN) {
                tokens = Math.max(0, tokens - 1);
            }
        }
        return errors;
    }

    /// Some addresses are let in, and others never, at the same time.
    private static Optional<Model> address(
            List<Arrival> arrivals, List<List<Arrival>> clients, int all) {
        List<Arrival> wrong = new ArrayList<>();
        Set<Integer> outside = new HashSet<>();
        for (List<Arrival> client : clients) {
            boolean isOutside = count(client, Fate.TURNED_AWAY) > count(client, Fate.LET_IN);
            if (isOutside) {
                outside.add(client.getFirst().client);
            }
            for (Arrival arrival : client) {
                if (arrival.fate == (isOutside ? Fate.LET_IN : Fate.TURNED_AWAY)) {
                    wrong.add(arrival);
                }
            }
        }
        boolean refused = false;
        boolean meanwhile = false;
        for (Arrival arrival : arrivals) {
            boolean isOutside = outside.contains(arrival.client);
            refused |= isOutside && arrival.fate == Fate.TURNED_AWAY;
            meanwhile |= refused && !isOutside && arrival.fate == Fate.LET_IN;
        }
        int count = outside.size();
        return meanwhile
                ? Optional.of(
                        new Model(
                                Kind.ADDRESS,
                                count == 1
                                        ? "the address of one client"
                                        : "the addresses of " + count + " clients",
                                likelihood(wrong.size(), all) - clients.size() * Math.log(2),
                                wrong))
                : Optional.empty();
    }

    /// The server is there or not: what became of a connection tells what becomes of the next.
    private static Model presence(List<Arrival> arrivals) {
        int[] stayed = new int[2];
        int[] changed = new int[2];
        int state = -1;
        for (Arrival arrival : arrivals) {
            if (arrival.fate != Fate.UNKNOWN) {
                int now = arrival.fate == Fate.LET_IN ? 1 : 0;
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
        return new Model(Kind.PRESENCE, "that the server is there", likelihood, List.of());
    }

    /// With an unknown chance to change, `stayed` and `changed` in a given order are as probable as
    /// one in so many (the integral of p^changed (1-p)^stayed).
    private static double logOfWays(int stayed, int changed) {
        double log = Math.log(stayed + changed + 1);
        for (int i = 1; i <= changed; i++) {
            log += Math.log((double) (stayed + i) / i);
        }
        return log;
    }
}
