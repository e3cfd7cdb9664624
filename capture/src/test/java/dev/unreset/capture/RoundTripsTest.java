package dev.unreset.capture;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// How far a server is, as a point of the path sees it.
class RoundTripsTest {

    private static final int INCOMING = 0;
    private static final int OUTGOING = 4;
    private static final int OTHER_INTERFACE = 1 << 8;
    private static final Endpoint CLIENT = new Endpoint(Decoder.IPV4_MARK, 1, 40_000);
    private static final Endpoint SERVER = new Endpoint(Decoder.IPV4_MARK, 2, 443);

    private final Connection connection =
            new Connection(
                    new FlowSummary(
                            1, CLIENT, SERVER, 0, Long.MAX_VALUE, 0, 0, 0, 0, 0, 0, 0, 0, 0),
                    Optional.empty());

    private void add(long millis, boolean fromClient, int flags, int acknowledged, int vantage) {
        connection.add(
                new Packet(
                        0,
                        millis,
                        millis * 1_000_000,
                        fromClient,
                        0,
                        acknowledged,
                        flags,
                        500,
                        20,
                        0,
                        64,
                        1,
                        false,
                        0,
                        0,
                        0,
                        vantage,
                        Payload.NONE,
                        new ArrayList<>(0)));
    }

    private long least(int vantage) {
        RoundTrips roundTrips = new RoundTrips();
        roundTrips.learn(connection);
        return roundTrips.least(SERVER, vantage);
    }

    /// A cooked capture says which way a packet went; at a client, questions go and answers come.
    @Test
    void anAnswerComesTheOtherWay() {
        add(1, true, Decoder.SYN, 0, OUTGOING);
        add(58, false, Decoder.SYN | Decoder.ACK, 1, INCOMING);

        assertThat(least(INCOMING)).isEqualTo(57_000_000);
    }

    @Test
    void anAnswerAtAnotherInterfaceTellsNothing() {
        add(1, true, Decoder.SYN, 0, INCOMING);
        add(58, false, Decoder.SYN | Decoder.ACK, 1, OTHER_INTERFACE);

        assertThat(least(OTHER_INTERFACE)).isZero();
    }
}
