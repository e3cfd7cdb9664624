package dev.unreset.capture;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// A connection keeps few packets, however many there are, and those that rules ask for.
class ConnectionTest {

    private static final int MANY = 100_000;

    /// First and last packets, what led to each side's FIN and to the first reset, and what
    /// followed it.
    private static final int MOST = 24 + 72 + 2 * (72 + 1) + 72 + 24;

    private long number;

    private static Connection connection() {
        Endpoint client = new Endpoint(Decoder.IPV4_MARK, 1, 40_000);
        Endpoint server = new Endpoint(Decoder.IPV4_MARK, 2, 443);
        return new Connection(
                new FlowSummary(1, client, server, 0, Long.MAX_VALUE, 0, 0, 0, 0, 0, 0, 0, 0, 0),
                Optional.empty());
    }

    private Packet packet(boolean fromClient, int flags, int sequence) {
        return packet(fromClient, flags, sequence, 0);
    }

    private Packet packet(boolean fromClient, int flags, int sequence, int length) {
        return packet(fromClient, flags, sequence, length, 1);
    }

    private Packet packet(
            boolean fromClient, int flags, int sequence, int length, int acknowledged) {
        number++;
        double seconds = (double) number;
        TestPacket packet = fromClient ? TestPacket.client(seconds) : TestPacket.server(seconds);
        return packet.flags(flags)
                .numbers(sequence, acknowledged)
                .says("x".repeat(length))
                .ipId((int) number & 0xffff)
                .build(number);
    }

    @Test
    void aFloodOfFinsIsForgottenButForOneOfEachSide() {
        Connection connection = connection();
        connection.add(packet(true, Decoder.SYN, 0));
        connection.add(packet(true, Decoder.RST, 1));
        for (int i = 0; i < MANY; i++) {
            connection.add(packet(i % 2 == 0, Decoder.FIN | Decoder.ACK, i));
        }

        assertThat(connection.packets()).hasSizeLessThanOrEqualTo(MOST);
        assertThat(connection.omitted()).isEqualTo(MANY + 2 - connection.packets().size());
    }

    @Test
    void whatLedToEachEndIsKeptAndNoMore() {
        Connection connection = connection();
        int[] ends = {Decoder.FIN, Decoder.FIN, Decoder.RST, Decoder.ACK};
        List<Packet> led = new ArrayList<>();
        for (int i = 0; i < ends.length; i++) {
            for (int j = 0; j < MANY; j++) {
                connection.add(packet(true, Decoder.ACK, j));
            }
            Packet before = packet(true, Decoder.ACK, MANY);
            connection.add(before);
            led.add(before);
            connection.add(packet(i == 1, ends[i], i));
        }

        assertThat(connection.packets()).containsAll(led).hasSizeLessThanOrEqualTo(MOST);
        assertThat(connection.omitted())
                .isEqualTo(ends.length * (MANY + 2L) - connection.packets().size());
    }

    /// However many acknowledgements follow it.
    @Test
    void theLastPacketWithDataIsKept() {
        Connection connection = connection();
        for (int i = 0; i < MANY; i++) {
            connection.add(packet(false, Decoder.ACK, i));
        }
        Packet said = packet(true, Decoder.ACK, 1, 5);
        connection.add(said);
        for (int i = 0; i < MANY; i++) {
            connection.add(packet(false, Decoder.ACK, i));
        }

        assertThat(Packets.last(connection.packets(), Packet::hasData)).contains(said);
        assertThat(connection.omitted()).isEqualTo(2L * MANY + 1 - connection.packets().size());
        connection.add(packet(true, Decoder.RST, 6));
        assertThat(Packets.last(connection.packets(), Packet::hasData)).contains(said);
    }

    /// Two queues of a network card: the acknowledgement is captured before what it acknowledges.
    @Test
    void anAnswerThatIsAcknowledgedBeforeItIsSeenIsOne() {
        Connection connection = connection();
        Packet acknowledged = packet(true, Decoder.ACK, 6, 0, 4);
        connection.add(packet(true, Decoder.ACK, 1, 5));
        connection.add(acknowledged);
        connection.add(packet(false, Decoder.ACK, 1, 3));
        connection.add(packet(false, Decoder.ACK, 1, 3));

        assertThat(connection.answers()).isEqualTo(1);
    }

    /// The copy comes after the packet with which the last ones begin.
    @Test
    void aCopyOfOneOfTheFirstPacketsIsNoPacket() {
        Connection connection = connection();
        Packet known = packet(true, Decoder.ACK, 0);
        for (int i = 1; i <= 24; i++) {
            known = packet(true, Decoder.ACK, i);
            connection.add(known);
        }
        connection.add(packet(true, Decoder.ACK, 25));
        connection.add(known);

        assertThat(connection.packets()).hasSize(25);
        assertThat(known.twins()).hasSize(1);
    }

    @Test
    void theFirstFinStaysHoweverLongTheOtherSideGoesOn() {
        Connection connection = connection();
        for (int i = 0; i < 30; i++) {
            connection.add(packet(true, Decoder.ACK, i));
        }
        Packet fin = packet(false, Decoder.FIN | Decoder.ACK, 7);
        connection.add(fin);
        for (int i = 0; i < MANY; i++) {
            connection.add(packet(true, Decoder.ACK, 100 + i));
        }

        assertThat(connection.packets()).contains(fin);
    }

    @Test
    void ofCopiesAtOnePointAFewAreKept() {
        Connection connection = connection();
        Packet first = packet(true, Decoder.ACK, 1);
        connection.add(first);
        for (int i = 0; i < MANY; i++) {
            connection.add(first);
        }

        assertThat(connection.packets()).hasSize(1);
        assertThat(first.twins()).hasSize(3);
    }
}
