package dev.unreset.capture;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Most segments between IPv4 addresses are followed in few steps, all others in many: what is
/// known of a connection does not depend on it.
class TrackerTest {

    private static final int PACKETS = 20_000;
    private static final int BATCH = 50;
    private static final int FLOWS = 12;
    private static final long SECOND = 1_000_000_000L;

    /// Data and acknowledgements often, what begins or ends a connection now and then.
    private static final int[] FLAGS = {
        Decoder.ACK,
        Decoder.ACK,
        Decoder.ACK,
        Decoder.ACK,
        Decoder.ACK,
        Decoder.ACK,
        Decoder.ACK,
        Decoder.ACK,
        Decoder.SYN,
        Decoder.SYN | Decoder.ACK,
        Decoder.FIN | Decoder.ACK,
        Decoder.RST
    };

    /// Where numbers begin that go past 0 soon, as others do not.
    private static final int[] FIRST = {1, -700, 1_000_000, Integer.MAX_VALUE - 500};

    private final List<FlowSummary> few = new ArrayList<>();
    private final List<FlowSummary> many = new ArrayList<>();
    private final Tracker quick = new Tracker(flow -> few.add(flow.summary()));
    private final Tracker thorough = new Tracker(flow -> many.add(flow.summary()));

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void followsPlainSegmentsAsAnyOther(long seed) {
        Random random = new Random(seed);
        PacketRows ipv4 = new PacketRows(BATCH);
        PacketRows ipv6 = new PacketRows(BATCH);
        int[] numbersOfFew = new int[BATCH];
        int[] numbersOfMany = new int[BATCH];
        int[] next = new int[2 * FLOWS];
        for (int i = 0; i < next.length; i++) {
            next[i] = FIRST[random.nextInt(FIRST.length)];
        }
        long nanos = SECOND;
        for (int packet = 0; packet < PACKETS; packet += BATCH) {
            ipv4.clear();
            ipv6.clear();
            for (int i = 0; i < BATCH; i++) {
                nanos += later(random);
                add(random, nanos, next, ipv4, ipv6);
            }
            quick.packets(ipv4, numbersOfFew, nanos);
            thorough.packets(ipv6, numbersOfMany, nanos);
            assertThat(numbersOfFew).isEqualTo(numbersOfMany);
        }
        quick.end();
        thorough.end();

        assertThat(few).hasSizeGreaterThan(FLOWS);
        assertThat(few.stream().map(TrackerTest::withoutAddresses).toList())
                .isEqualTo(many.stream().map(TrackerTest::withoutAddresses).toList());
    }

    /// Nearly always a moment; now and then so long that a flow leaves, or back.
    private static long later(Random random) {
        return switch (random.nextInt(100)) {
            case 0 -> 20 * SECOND;
            case 1 -> -SECOND / 2;
            case 2 -> 0;
            default -> random.nextInt(2_000_000);
        };
    }

    /// Adds one segment to both: in one of them between IPv6 addresses.
    private static void add(
            Random random, long nanos, int[] next, PacketRows ipv4, PacketRows ipv6) {
        int flow = random.nextInt(FLOWS);
        int side = random.nextInt(2);
        int flags = FLAGS[random.nextInt(FLAGS.length)];
        int length = flags == Decoder.ACK ? random.nextInt(3) * 300 : 0;
        int sequence = next[2 * flow + side];
        switch (random.nextInt(20)) {
            // Said before, missed before, said in part before.
            case 0 -> sequence -= 300;
            case 1 -> sequence += 5000;
            case 2 -> sequence -= 100;
            // Too far away for a gap in the capture.
            case 3 -> next[2 * flow + side] = sequence += 17 << 20;
            default -> next[2 * flow + side] = sequence + length;
        }
        // The same signature again: the packet was seen twice, if it is soon enough.
        int signature = random.nextInt(6);
        int client = 20_000 + flow;
        int ports = side == 0 ? client << 16 | 443 : 443 << 16 | client;
        long source = side == 0 ? 1 : 2;
        long target = 3 - source;
        int inPacket = PacketRows.asInPacket(ports);
        long addresses = PacketRows.asInPacket(source, target);
        ipv4.add(
                addresses,
                inPacket,
                FlowHash.of(addresses, inPacket),
                nanos,
                sequence,
                flags,
                length,
                signature,
                0);
        ipv6.add(
                0,
                inPacket,
                FlowHash.of(7, source, 7, target, inPacket),
                nanos,
                sequence,
                flags,
                length,
                signature,
                0);
        ipv6.addIpv6(7, source, 7, target);
    }

    private static List<Object> withoutAddresses(FlowSummary summary) {
        return List.of(
                summary.name(),
                summary.client().port(),
                summary.server().port(),
                summary.startNanos(),
                summary.endNanos(),
                summary.clientBytes(),
                summary.serverBytes(),
                summary.clientRepeated(),
                summary.serverRepeated(),
                summary.roundTripNanos(),
                summary.longestSilenceNanos(),
                summary.serverFinNanos(),
                summary.resetNanos(),
                summary.state());
    }
}
