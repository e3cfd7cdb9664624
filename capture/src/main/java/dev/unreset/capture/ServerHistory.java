package dev.unreset.capture;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The connections of one server, in the orders in which [Neighbours] asks for them: numbers alone,
/// but for those that nobody ended, because most connections end well and are as many as fit into
/// the capture. What is made of them is made when it is first asked for: most never is.
final class ServerHistory implements Consumer<LeftFlows.Row> {

    private static final long SECOND = 1_000_000_000L;

    /// What ends within this time ends together.
    static final long TOGETHER = SECOND / 20;

    /// A host that starts anew is not back sooner.
    static final long QUICKER_THAN_A_BOOT = 3 * SECOND;

    /// Clients notice within this time that the server has forgotten them.
    private static final long SOON_NOTICED = 10 * SECOND;

    /// As many refusals that a limit tells are not chance.
    private static final int SEVERAL = 4;

    /// Who is turned away is gone within this time.
    static final long TURNED_AWAY = SECOND;

    /// A connection that nobody has ended counts as open for so long after its last packet: its
    /// host may be gone.
    static final long OPEN_WHEN_SILENT = 30 * SECOND;

    private static final int MOST_LOOKED_AT = 64;

    /// More connections of one moment are not counted one by one.
    private static final int MOST_BRIEF = 1000;

    /// Requests of more bytes than this that differ by one in so many are alike.
    private static final int LARGE_REQUEST = 500;

    private static final long MILLI = 1_000_000;
    private static final long MILLIS_2020 = 1_577_836_800_000L;

    /// What stands below a time in one number.
    private static final int LOW_BITS = 22;

    private static final long MOST_LOW = (1L << LOW_BITS) - 1;
    private static final long MOST_MILLIS = Long.MAX_VALUE >> LOW_BITS;

    /// A connection that was over within [#TOGETHER].
    private record Brief(long start, long end) {}

    /// When connections were refused by no limit, and of these, those that came after another, with
    /// none accepted between the two.
    private record Unexplained(Numbers all, Numbers again) {}

    /// How often a connection was turned away after one had been served, and the time between the
    /// first and the last such turn.
    record Turns(int count, long nanos) {}

    /// A connection that nobody had ended when its last packet came.
    ///
    /// @param client which address it came from ([FlowTable#hashOf])
    /// @param clientSequence the sequence number after the client's last byte
    /// @param longestSilence after which it went on, in nanoseconds
    record LeftOpen(long lastNanos, int client, int clientSequence, long longestSilence) {}

    // When established connections began and ended.
    final Numbers starts = new Numbers();
    final Numbers ends = new Numbers();

    // Of those that ended badly.
    final Numbers badEnds = new Numbers();
    final Numbers badStarts = new Numbers();
    final Numbers badLengths = new Numbers();

    /// The same of both sides together.
    final Numbers badTotals = new Numbers();

    /// Counted from the handshake.
    final Numbers badAges = new Numbers();

    /// The last packets of clients on established connections that the server no longer answered.
    final Numbers losses = new Numbers();

    // Of those that ended badly, and not by a RST that names the client.
    final Numbers cuts = new Numbers();
    final Numbers cutStarts = new Numbers();

    // Bytes of connections that ended well.
    final Numbers clientLengths = new Numbers();
    final Numbers serverLengths = new Numbers();
    final Numbers totals = new Numbers();

    /// When connections began that were refused.
    final Numbers refusals = new Numbers();

    /// Connections whose SYN was repeated, and never answered.
    int unanswered;

    /// Of established connections.
    private final List<Brief> brief = new ArrayList<>(0);

    private final Numbers briefStarts = new Numbers();
    private boolean briefSorted;

    // Of those that the server answered, and of those that it took and sent away, or refused.
    final Numbers served = new Numbers();
    final Numbers turnedAway = new Numbers();

    /// When the server closed connections, by a FIN that was its first word of the end.
    final Numbers closings = new Numbers();

    /// Connections that ended well, by [#life]; and of each and those before it, the last end.
    private final Numbers lives = new Numbers();

    private long @Nullable [] livesTo;

    /// Of those that did not end badly.
    long longestLife;

    /// Of all handshakes that were seen; 0 if none was.
    long quickestHandshake;

    /// By the sequence number after the server's last byte.
    final Map<Integer, LeftOpen> leftOpen = new HashMap<>();

    /// What the clients of served connections had sent, by [#request].
    private final Numbers requests = new Numbers();

    private @Nullable Numbers servedBeside;
    private @Nullable Numbers turnedAwayBeside;
    private @Nullable Turns turns;
    private @Nullable Numbers pauses;
    private @Nullable Unexplained unexplained;

    @Override
    public void accept(LeftFlows.Row flow) {
        long start = flow.startNanos();
        if (flow.bad()) {
            badLengths.add(Math.max(flow.serverBytes(), flow.clientBytes()));
            badTotals.add(flow.serverBytes() + flow.clientBytes());
        }
        if (!flow.established()) {
            if (flow.refused()) {
                refusals.add(start);
            } else if (flow.suspicious()) {
                unanswered++;
            }
            if (flow.suspicious()) {
                turnedAway.add(start);
            }
            return;
        }
        long end = flow.endNanos();
        long roundTrip = flow.roundTripNanos();
        boolean quicker = quickestHandshake == 0 || roundTrip < quickestHandshake;
        quickestHandshake = roundTrip > 0 && quicker ? roundTrip : quickestHandshake;
        starts.add(start);
        // What nobody has ended is still there, silent as it is, for a while.
        ends.add(flow.wasEnded() ? end : end + OPEN_WHEN_SILENT);
        if (flow.bad()) {
            badStarts.add(start);
            badEnds.add(flow.cutNanos());
            badAges.add(end - flow.letInNanos());
        }
        if (flow.bad() && !flow.resetByClient()) {
            cuts.add(flow.cutNanos());
            cutStarts.add(start);
        }
        if (flow.isLeftOpen()) {
            leftOpen.put(
                    flow.serverSequence(),
                    new LeftOpen(
                            flow.lastPacketNanos(),
                            flow.client(),
                            flow.clientSequence(),
                            flow.longestSilenceNanos()));
        }
        if (flow.lost()) {
            losses.add(flow.lastPacketNanos());
        }
        if (flow.serverFinNanos() > 0) {
            closings.add(flow.serverFinNanos());
        }
        if (!flow.suspicious()) {
            lives.add(life(start, end));
            longestLife = Math.max(longestLife, end - start);
        }
        if (!flow.suspicious() && flow.wasEnded()) {
            clientLengths.add(flow.clientBytes());
            serverLengths.add(flow.serverBytes());
            totals.add(flow.serverBytes() + flow.clientBytes());
        }
        if (flow.serverBytes() > 0) {
            served.add(start);
            requests.add(request(start, flow.clientBytes()));
        } else if (flow.isDismissed(start, false, 0)) {
            turnedAway.add(start);
        }
        if (end - start <= TOGETHER) {
            brief.add(new Brief(start, end));
            briefStarts.add(start);
        }
    }

    /// Connections that were served while `open` others, or more, were open.
    synchronized int servedBeside(long open) {
        servedBeside = servedBeside == null ? besides(served) : servedBeside;
        return servedBeside.between(open, Long.MAX_VALUE);
    }

    /// The same of those that were turned away.
    synchronized int turnedAwayBeside(long open) {
        turnedAwayBeside = turnedAwayBeside == null ? besides(turnedAway) : turnedAwayBeside;
        return turnedAwayBeside.between(open, Long.MAX_VALUE);
    }

    /// How many others were open at each of `times`.
    private Numbers besides(Numbers times) {
        Numbers besides = new Numbers();
        for (int i = 0; i < times.count(); i++) {
            besides.add(starts.below(times.get(i)) - ends.below(times.get(i) + 1));
        }
        return besides;
    }

    /// When the pauses between two connections ended that a boot could have taken.
    synchronized Numbers pauses() {
        if (pauses == null) {
            Numbers found = new Numbers();
            for (int i = 1; i < starts.count(); i++) {
                if (starts.get(i) - starts.get(i - 1) > QUICKER_THAN_A_BOOT) {
                    found.add(starts.get(i));
                }
            }
            pauses = found;
        }
        return pauses;
    }

    /// Whether two connections were refused from `from` to `to`, with none accepted between the
    /// two, or one shortly before `to`: one alone, at any other time, may have met a limit. Those
    /// that `limit` tells did, if they are several.
    boolean wasGone(long from, long to, Optional<Admission> limit) {
        Unexplained those = unexplained(limit);
        return those.again().between(from, to) > 0
                || those.all().between(Math.max(from, to - SOON_NOTICED), to) > 0;
    }

    private synchronized Unexplained unexplained(Optional<Admission> limit) {
        if (unexplained == null) {
            Numbers limited = new Numbers();
            for (int i = 0; i < refusals.count(); i++) {
                long refused = refusals.get(i);
                if (limit.filter(each -> each.limits(refused)).isPresent()) {
                    limited.add(refused);
                }
            }
            Numbers all = new Numbers();
            Numbers again = new Numbers();
            long last = Long.MIN_VALUE;
            for (int i = 0; i < refusals.count(); i++) {
                long refused = refusals.get(i);
                boolean explained =
                        limited.count() >= SEVERAL && limited.between(refused, refused + 1) > 0;
                if (!explained) {
                    if (all.count() > 0 && starts.between(last, refused) == 0) {
                        again.add(refused);
                    }
                    all.add(refused);
                    last = refused;
                }
            }
            unexplained = new Unexplained(all, again);
        }
        return unexplained;
    }

    synchronized Turns turns() {
        if (turns == null) {
            int count = 0;
            long first = 0;
            long last = 0;
            for (int i = 0; i < turnedAway.count(); i++) {
                long before = i == 0 ? Long.MIN_VALUE : turnedAway.get(i - 1);
                if (served.between(before, turnedAway.get(i)) > 0) {
                    last = turnedAway.get(i);
                    first = count++ == 0 ? last : first;
                }
            }
            turns = new Turns(count, last - first);
        }
        return turns;
    }

    private synchronized long[] livesTo() {
        if (livesTo == null) {
            long[] lastEnds = new long[lives.count()];
            long last = Long.MIN_VALUE;
            for (int i = 0; i < lastEnds.length; i++) {
                long start = lives.get(i) >> LOW_BITS;
                long length = lives.get(i) & MOST_LOW;
                // What does not fit into the bits is taken for ever.
                last = Math.max(last, length == MOST_LOW ? Long.MAX_VALUE : start + length);
                lastEnds[i] = last;
            }
            livesTo = lastEnds;
        }
        return livesTo;
    }

    boolean livesThrough(long from, long to) {
        int before = lives.below(millis(from) << LOW_BITS);
        return before > 0 && livesTo()[before - 1] > millis(to);
    }

    /// In milliseconds since 2020: what else is put beside it leaves room for 69 years before and
    /// after.
    private static long millis(long nanos) {
        return Math.clamp(nanos / MILLI - MILLIS_2020, -MOST_MILLIS, MOST_MILLIS);
    }

    /// When a connection began, and below it how long it lived, both in milliseconds.
    static long life(long start, long end) {
        return (millis(start) << LOW_BITS) | Math.min((end - start) / MILLI, MOST_LOW);
    }

    /// When a connection began, in milliseconds, and below it how many bytes its client sent: one
    /// number, so that an object for each connection is spared.
    static long request(long nanos, long bytes) {
        return (millis(nanos) << LOW_BITS) | Math.min(bytes, MOST_LOW);
    }

    /// Of the last connections that began between `from` and `to`: how many were answered, and had
    /// sent as many bytes, or a multiple; or any, if that of which we ask sent none.
    int servedWithin(long from, long to, long clientBytes) {
        int alike = 0;
        int first = requests.below(request(from, 0));
        int last = requests.below(request(to, 0));
        for (int i = Math.max(first, last - MOST_LOOKED_AT); i < last; i++) {
            long bytes = requests.get(i) & MOST_LOW;
            boolean multiple =
                    clientBytes > 0 && bytes > 0 && bytes < MOST_LOW && bytes % clientBytes == 0;
            // Of two large ones, a name or a number may be longer by a few bytes.
            boolean about = Math.abs(bytes - clientBytes) <= clientBytes / LARGE_REQUEST;
            alike += clientBytes == 0 || multiple || about ? 1 : 0;
        }
        return alike;
    }

    private synchronized List<Brief> brief() {
        if (!briefSorted) {
            brief.sort((a, b) -> Long.compare(a.start(), b.start()));
            briefSorted = true;
        }
        return brief;
    }

    /// Connections that began at `from` or later, and were over at `to`.
    int briefWithin(long from, long to) {
        if (brief.isEmpty()) {
            return 0;
        }
        List<Brief> inOrder = brief();
        int within = 0;
        int begun = briefStarts.below(to + 1);
        int first = Math.max(briefStarts.below(from), begun - MOST_BRIEF);
        for (int i = first; i < begun; i++) {
            within += inOrder.get(i).end() <= to ? 1 : 0;
        }
        return within;
    }
}
