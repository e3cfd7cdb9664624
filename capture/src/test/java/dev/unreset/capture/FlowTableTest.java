package dev.unreset.capture;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The table finds what a map finds, whatever came and left before.
class FlowTableTest {

    private static final int STEPS = 50_000;
    private static final int HOSTS = 40;

    private final FlowTable table = new FlowTable();
    private final PacketRows row = new PacketRows(1);

    /// By opener and server, the first sequence number that its opener was given.
    private final Map<List<Endpoint>, Integer> model = new HashMap<>();

    private final List<List<Endpoint>> open = new ArrayList<>();

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void findsWhatAMapFinds(long seed) {
        Random random = new Random(seed);
        for (int i = 0; i < STEPS; i++) {
            // It fills, empties and fills again.
            boolean adds = random.nextInt(10) < (i / 10_000 % 2 == 0 ? 8 : 2);
            if (adds || open.isEmpty()) {
                add(random, i);
            } else {
                remove(open.remove(random.nextInt(open.size())));
            }
        }

        assertThat(open).hasSizeGreaterThan(1000);
        open.forEach(this::assertFound);
        List<Integer> left = new ArrayList<>();
        table.forEach(() -> left.add(table.firstSequence(0)));
        assertThat(left).containsExactlyInAnyOrderElementsOf(model.values());
    }

    private void add(Random random, int number) {
        boolean ipv6 = random.nextInt(4) == 0;
        Endpoint from = endpoint(random, ipv6);
        Endpoint to = endpoint(random, ipv6);
        List<Endpoint> flow = List.of(from, to);
        List<Endpoint> reversed = List.of(to, from);
        boolean known = model.containsKey(flow) || model.containsKey(reversed);

        assertThat(find(from, to)).isEqualTo(known);
        if (known) {
            boolean sameDirection = model.containsKey(flow);
            assertThat(table.isFromA()).isEqualTo(sameDirection);
            assertThat(table.firstSequence(0))
                    .isEqualTo(model.get(sameDirection ? flow : reversed));
            return;
        }
        boolean byOpener = random.nextBoolean();
        table.add(row, 0, byOpener);
        assertThat(table.isFromA()).isEqualTo(byOpener);
        assertThat(table.a()).isEqualTo(byOpener ? from : to);
        assertThat(table.b()).isEqualTo(byOpener ? to : from);
        table.firstSequence(0, number);
        model.put(byOpener ? flow : reversed, number);
        open.add(byOpener ? flow : reversed);
    }

    private void remove(List<Endpoint> flow) {
        assertFound(flow);
        table.remove();
        model.remove(flow);

        assertThat(find(flow.getFirst(), flow.getLast())).isFalse();
    }

    private void assertFound(List<Endpoint> flow) {
        assertThat(find(flow.getLast(), flow.getFirst())).isTrue();
        assertThat(table.isFromA()).isFalse();
        assertThat(find(flow.getFirst(), flow.getLast())).isTrue();
        assertThat(table.isFromA()).isTrue();
        assertThat(table.firstSequence(0)).isEqualTo(model.get(flow));
    }

    private boolean find(Endpoint from, Endpoint to) {
        row.clear();
        row.addFlow(from.high(), from.low(), to.high(), to.low(), from.port() << 16 | to.port());
        return table.find(row, 0);
    }

    /// No two of them are the same: which of both would be a?
    private Endpoint endpoint(Random random, boolean ipv6) {
        long host = random.nextInt(HOSTS);
        int port = random.nextInt(1 << 16);
        // One of the networks begins as an IPv4 address is marked.
        long network = host % 3 == 0 ? Decoder.IPV4_MARK : 0x2001_0db8_0000_0000L + host % 3;
        return ipv6
                ? new Endpoint(network, -1 - host, port)
                : new Endpoint(Decoder.IPV4_MARK, 0xfe00_0001L + host, port);
    }
}
