package dev.unreset.capture;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Questions to packets.
class PacketsTest {

    @Test
    void whatTheServerSaidSinceItWasAskedCountsOnce() {
        TestPacket greeting = TestPacket.server(0).numbers(1, 1).says("hello");
        TestPacket request = TestPacket.client(1).numbers(1, 6).says("get");
        TestPacket answer = TestPacket.server(2).numbers(6, 4).says("the answer");
        TestPacket rest = TestPacket.server(3).numbers(16, 4).says("and more");

        assertThat(said()).isZero();
        assertThat(said(greeting)).isEqualTo(5);
        assertThat(said(greeting, request)).isZero();
        assertThat(said(request, answer)).isEqualTo(10);
        assertThat(said(request, answer, answer)).isEqualTo(10);
        assertThat(said(greeting, request, answer, answer, rest)).isEqualTo(18);
        assertThat(said(greeting, request, answer, request, rest)).isEqualTo(18);
    }

    private static long said(TestPacket... packets) {
        List<Packet> all = Arrays.stream(packets).map(each -> each.build(1)).toList();
        return Packets.saidSinceAsked(all);
    }
}
