package dev.unreset.capture;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A connection that is looked at closely: its first and last packets, and what each side said.
final class Connection {

    private static final int FIRST = 24;
    private static final int LAST = 72;

    /// Packets after a RST that tell whether the connection lived on.
    private static final int AFTER_RESET = 24;

    private static final int MOST_UNREACHABLES = 16;

    /// Of each side, so much of what was said is held back: [ByteStream] takes no more.
    private static final int MOST_HELD_BACK = 256 << 10;

    /// What a packet takes that is held back, beside its bytes.
    private static final int PACKET_COST = 128;

    /// A twin comes at most so many packets later.
    private static final int TWINS_WITHIN = 8;

    /// No packet tells where a side's numbers are.
    private static final long UNKNOWN = Long.MAX_VALUE;

    /// One number more is no speech: some stacks count an end that they have not sent.
    private static final int LEAST_MISSING = 2;

    /// More is no distance that two sequence numbers of a connection have.
    private static final int MOST_MISSING = 1 << 30;

    /// Bytes that were sent before a packet, as its numbers say, and that no packet shows. Who had
    /// spoken last, and when, is not known where there are any.
    ///
    /// @param own of the packet's side
    /// @param other of the other side
    record Uncaptured(int own, int other) {

        static final Uncaptured NOTHING = new Uncaptured(0, 0);

        boolean isNothing() {
            return own == 0 && other == 0;
        }
    }

    private final FlowSummary summary;

    /// Empty where all was captured at one point.
    private final Optional<Twins> twins;

    private final List<Packet> first = new ArrayList<>();
    private final Deque<Packet> last = new ArrayDeque<>();

    /// Of each side, the last packet with data that was left out, in order: rules ask who spoke
    /// last, and many packets of the other may have followed.
    private final List<Packet> saidBeforeLast = new ArrayList<>(0);

    private int keepMore;
    private boolean resetSeen;
    private boolean clientClosed;
    private boolean serverClosed;
    private final SideNumbers clientNumbers = new SideNumbers();
    private final SideNumbers serverNumbers = new SideNumbers();
    private final ByteStream clientBytes = new ByteStream();
    private final ByteStream serverBytes = new ByteStream();

    /// What is to be added to the bytes of both sides, when the last twin is known: of that, more
    /// may be captured.
    private final List<Packet> said = new ArrayList<>(0);

    private int clientHeldBack;
    private int serverHeldBack;
    private long added;
    private int answers;
    private boolean clientSpokeLast;

    // The numbers up to which each side has said something.
    private long clientSaid = Long.MIN_VALUE;
    private long serverSaid = Long.MIN_VALUE;
    private final List<Unreachable> unreachables = new ArrayList<>(0);

    /// First and last packets in one list; made when they are asked for.
    private @Nullable List<Packet> packets;

    /// The last question to [#before], and its answer: rules ask many times for the same packet.
    private @Nullable Packet asked;

    private List<Packet> beforeAsked = List.of();

    /// The same of [#uncapturedBefore].
    private @Nullable Packet lacking;

    private Uncaptured uncaptured = Uncaptured.NOTHING;

    /// @param twins see [PacketReader#severalPoints]; shared with other connections
    Connection(FlowSummary summary, Optional<Twins> twins) {
        this.summary = summary;
        this.twins = twins;
    }

    FlowSummary summary() {
        return summary;
    }

    Endpoint client() {
        return summary.client();
    }

    Endpoint server() {
        return summary.server();
    }

    /// How often the server spoke after the client had, but for what either repeated.
    int answers() {
        return answers;
    }

    /// The packets, in order, without twins; the middle of a long connection is left out.
    List<Packet> packets() {
        if (packets == null) {
            List<Packet> all = new ArrayList<>(first);
            addLast(all);
            packets = all;
        }
        return packets;
    }

    /// The packets before `packet`; all if it is none of them.
    List<Packet> before(Packet packet) {
        List<Packet> all = packets();
        if (asked == null || !asked.isSame(packet)) {
            int index = 0;
            while (index < all.size() && !all.get(index).isSame(packet)) {
                index++;
            }
            asked = packet;
            beforeAsked = all.subList(0, index);
        }
        return beforeAsked;
    }

    /// What the capture lacks before `packet`, which its side's own stack sent: the numbers of a
    /// forged one tell nothing. Data that its side sent before it may have been seen after it.
    Uncaptured uncapturedBefore(Packet packet) {
        if (lacking == null || !lacking.isSame(packet)) {
            uncaptured = findUncapturedBefore(packet);
            lacking = packet;
        }
        return uncaptured;
    }

    private Uncaptured findUncapturedBefore(Packet packet) {
        if (packet.isFin() && omitted() > 0) {
            // Of the packets before it, some may be among those that are left out.
            return Uncaptured.NOTHING;
        }
        long own = UNKNOWN;
        long other = UNKNOWN;
        for (Packet each : before(packet)) {
            boolean itsSide = each.fromClient() == packet.fromClient();
            if (!each.isRst() && (itsSide || each.has(Decoder.ACK))) {
                long known = itsSide ? each.end() : each.acknowledged();
                own = Math.min(own, packet.sequence() - known);
            }
            if (!each.isRst() && (!itsSide || each.has(Decoder.ACK))) {
                long known = itsSide ? each.acknowledged() : each.end();
                other = Math.min(other, packet.acknowledged() - known);
            }
        }
        boolean shownLater =
                missing(own) > 0
                        && Packets.any(
                                packets(),
                                each ->
                                        each.fromClient() == packet.fromClient()
                                                && each.hasData()
                                                && !each.isSame(packet)
                                                && each.end() - packet.sequence() >= 0);
        // Some stacks leave numbers of a RST at 0.
        return new Uncaptured(
                shownLater || packet.startsAtZero() ? 0 : missing(own),
                packet.has(Decoder.ACK) && !packet.acknowledgesZero() ? missing(other) : 0);
    }

    private static int missing(long difference) {
        return difference < LEAST_MISSING || difference > MOST_MISSING ? 0 : (int) difference;
    }

    /// How many packets are left out of [#packets].
    long omitted() {
        return added - packets().size();
    }

    /// Nobody asks any more for what was said: it takes memory.
    void forgetBytes() {
        clientBytes.forget();
        serverBytes.forget();
        packets().forEach(packet -> packet.payload().forget());
    }

    /// What the numbers of a side's packets mean, up to the last one added.
    SideNumbers numbers(boolean ofClient) {
        return ofClient ? clientNumbers : serverNumbers;
    }

    ByteStream clientBytes() {
        return whole(true);
    }

    ByteStream serverBytes() {
        return whole(false);
    }

    private ByteStream whole(boolean ofClient) {
        said.forEach(packet -> bytes(packet.fromClient()).add(packet));
        said.clear();
        return bytes(ofClient);
    }

    private ByteStream bytes(boolean ofClient) {
        return ofClient ? clientBytes : serverBytes;
    }

    /// What routers, firewalls and hosts said of packets that they could not deliver.
    List<Unreachable> unreachables() {
        return unreachables;
    }

    void add(Unreachable unreachable) {
        if (unreachables.size() < MOST_UNREACHABLES) {
            unreachables.add(unreachable);
        }
    }

    void add(Packet packet) {
        packets = null;
        asked = null;
        lacking = null;
        boolean known =
                twins.isPresent()
                        ? twins.get().add(summary.name(), packet).isPresent()
                        : addTwin(packet);
        if (known) {
            return;
        }
        added++;
        if (!packet.isRst()) {
            count(packet);
        }
        if (twins.isEmpty()) {
            bytes(packet.fromClient()).add(packet);
        } else {
            holdBack(packet);
        }
        // What led to a side's end is kept, whatever comes later; and what followed the first
        // reset.
        if (packet.isRst() && !resetSeen) {
            resetSeen = true;
            keepAll();
            keepMore = AFTER_RESET;
        } else if (packet.isFin() && !hasFin(packet.fromClient())) {
            clientClosed |= packet.fromClient();
            serverClosed |= !packet.fromClient();
            keepAll();
            keepMore = Math.max(keepMore, 1);
        }
        if (first.size() < FIRST || keepMore > 0) {
            first.add(packet);
            keepMore = Math.max(0, keepMore - 1);
            return;
        }
        last.addLast(packet);
        if (last.size() > LAST) {
            leaveOut(last.removeFirst());
        }
    }

    private void leaveOut(Packet packet) {
        if (packet.hasData()) {
            saidBeforeLast.removeIf(each -> each.fromClient() == packet.fromClient());
            saidBeforeLast.add(packet);
        }
    }

    private void holdBack(Packet packet) {
        int heldBack = packet.fromClient() ? clientHeldBack : serverHeldBack;
        boolean says = packet.has(Decoder.SYN) || (packet.length() > 0 && !packet.isRst());
        if (!says || heldBack > MOST_HELD_BACK) {
            return;
        }
        said.add(packet);
        int cost = packet.length() + PACKET_COST;
        clientHeldBack += packet.fromClient() ? cost : 0;
        serverHeldBack += packet.fromClient() ? 0 : cost;
    }

    private void count(Packet packet) {
        numbers(packet.fromClient()).reach(packet.end());
        if (packet.has(Decoder.ACK)) {
            numbers(!packet.fromClient()).reach(packet.acknowledged());
        }
        // Not what was acknowledged: an acknowledgement may be captured before what it answers.
        long end = packet.fromClient() ? clientSaid : serverSaid;
        if (packet.hasData() && packet.end() > end) {
            clientSaid = packet.fromClient() ? packet.end() : clientSaid;
            serverSaid = packet.fromClient() ? serverSaid : packet.end();
            answers += clientSpokeLast && !packet.fromClient() ? 1 : 0;
            clientSpokeLast = packet.fromClient();
        }
    }

    private void keepAll() {
        addLast(first);
        last.clear();
        saidBeforeLast.clear();
    }

    private void addLast(List<Packet> all) {
        for (Packet said : saidBeforeLast) {
            if (!speaksAtLast(said.fromClient())) {
                all.add(said);
            }
        }
        all.addAll(last);
    }

    private boolean speaksAtLast(boolean client) {
        return last.stream().anyMatch(each -> each.hasData() && each.fromClient() == client);
    }

    /// Whether a side has closed.
    boolean hasFin(boolean fromClient) {
        return fromClient ? clientClosed : serverClosed;
    }

    private boolean addTwin(Packet packet) {
        int left = TWINS_WITHIN;
        Iterator<Packet> lately = last.descendingIterator();
        for (; left > 0 && lately.hasNext(); left--) {
            if (addTwin(lately.next(), packet)) {
                return true;
            }
        }
        for (int i = first.size() - 1; left > 0 && i >= 0; i--, left--) {
            if (addTwin(first.get(i), packet)) {
                return true;
            }
        }
        return false;
    }

    private static boolean addTwin(Packet known, Packet packet) {
        boolean twin = isTwin(known, packet);
        if (twin) {
            known.addSighting(packet);
        }
        return twin;
    }

    /// The same packet at another interface, or before and after a router (resets.md, 1.6, 0).
    private static boolean isTwin(Packet known, Packet packet) {
        return known.fromClient() == packet.fromClient()
                && known.sequence() == packet.sequence()
                && known.acknowledged() == packet.acknowledged()
                && known.flags() == packet.flags()
                && known.length() == packet.length()
                && known.ipId() == packet.ipId()
                && Math.abs(known.ttl() - packet.ttl()) <= Tracker.TWIN_HOPS
                && packet.nanos() - known.nanos() <= Tracker.TWIN_NANOS;
    }
}
