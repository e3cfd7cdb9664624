package dev.unreset.capture;

import static dev.unreset.capture.TestPacket.client;
import static dev.unreset.capture.TestPacket.server;
import static org.assertj.core.api.Assertions.assertThat;

import dev.unreset.Evidence;
import dev.unreset.Sender;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What speaks for each sender of a RST: each rule where it holds, and where it must not.
class AttributionTest {

    private static final Endpoint CLIENT = new Endpoint(Decoder.IPV4_MARK, 0x0a000001, 40_000);
    private static final Endpoint SERVER = new Endpoint(Decoder.IPV4_MARK, 0xc0000201L, 443);
    private static final int RST_ACK = Decoder.RST | Decoder.ACK;
    private static final int SYN_ACK = Decoder.SYN | Decoder.ACK;

    private static final String MORE_DATA = "the side that seems to have reset sent more data";
    private static final String JUMP =
            "a second reset has a sequence number that nobody had reached";

    private final RoundTrips roundTrips = new RoundTrips();
    private final UsualTtls ttls = new UsualTtls();
    private long lastNanos = Long.MAX_VALUE;

    /// The evidence on `rst`, which is one of `packets`; they are given in order.
    private List<Evidence> evidence(Endpoint server, TestPacket rst, TestPacket... packets) {
        Connection connection = connection(server);
        Optional<Packet> decisive = Optional.empty();
        Optional<Packet> trigger = Optional.empty();
        for (int i = 0; i < packets.length; i++) {
            Packet packet = packets[i].build(i + 1);
            connection.add(packet);
            if (packets[i] == rst) {
                decisive = Optional.of(packet);
                trigger =
                        Packets.last(
                                connection.packets(),
                                other -> other.fromClient() != packet.fromClient());
            }
        }
        Story story = new Story(connection, ConnectionEnd.RESET, decisive, trigger);
        return new Attribution(List.of("a", "b", "c"), roundTrips, ttls, file -> lastNanos)
                .evidence(story);
    }

    private static Connection connection(Endpoint server) {
        return new Connection(
                new FlowSummary(1, CLIENT, server, 0, Long.MAX_VALUE, 0, 0, 0, 0, 0, 0, 0, 0, 0),
                Optional.empty());
    }

    /// What is said of the last of `packets`.
    private List<String> facts(TestPacket... packets) {
        return facts(packets[packets.length - 1], packets);
    }

    private List<String> factsOf(TestPacket rst, TestPacket... packets) {
        return evidence(SERVER, rst, packets).stream().map(Evidence::fact).toList();
    }

    private List<String> facts(TestPacket rst, TestPacket[] packets) {
        return factsOf(rst, packets);
    }

    /// How much `fact` weighs for `sender`.
    private int weight(String fact, Sender sender, TestPacket... packets) {
        return evidence(SERVER, packets[packets.length - 1], packets).stream()
                .filter(each -> each.fact().contains(fact))
                .map(each -> each.senderDecibans().getOrDefault(sender, 0))
                .findFirst()
                .orElseThrow(() -> new AssertionError("not said: " + fact));
    }

    private static TestPacket[] and(TestPacket[] packets, TestPacket... more) {
        List<TestPacket> all = new ArrayList<>(Arrays.asList(packets));
        all.addAll(Arrays.asList(more));
        return all.toArray(new TestPacket[0]);
    }

    /// The handshake, a question and its answer, 20 ms away, TTL 60 from the server.
    private static TestPacket[] conversation() {
        return new TestPacket[] {
            client(0).flags(Decoder.SYN).numbers(0, 0),
            server(0.02).flags(SYN_ACK).numbers(0, 1).ttl(60),
            client(0.02),
            client(0.03).says("hello"),
            server(0.05).numbers(1, 6).says("hello").ttl(60),
            client(0.06).numbers(6, 6)
        };
    }

    private static TestPacket rst(double seconds) {
        return server(seconds).flags(RST_ACK).numbers(6, 6).ttl(60);
    }

    // ---- the address

    @Test
    void theAddressNamesASide() {
        assertThat(
                        weight(
                                "its source address is the server's",
                                Sender.SERVER,
                                and(conversation(), rst(1))))
                .isEqualTo(14);
        assertThat(
                        weight(
                                "its source address is the client's",
                                Sender.CLIENT,
                                and(conversation(), client(1).flags(RST_ACK).numbers(6, 6))))
                .isEqualTo(14);
    }

    // ---- distance

    /// As far as its side's others; another stack at the same distance; one hop off; further off.
    @ParameterizedTest(name = "TTL {0}")
    @CsvSource({
        "60, SERVER, 8, it came as far as the server's other packets (TTL 60)",
        "124, MIDDLEBOX, 8, 'the same distance, but another stack: TTL 124, else 60'",
        "251, MIDDLEBOX, 8, 'the same distance, but another stack: TTL 251, else 60'",
        "28, MIDDLEBOX, 8, 'the same distance, but another stack: TTL 28, else 60'",
        "61, MIDDLEBOX, 30, 'it travelled 3 hops (TTL 61), the server''s other packets 4 (TTL 60)'",
        "63, MIDDLEBOX, 35, 'it travelled 1 hop (TTL 63), the server''s other packets 4 (TTL 60)'",
        "64, MIDDLEBOX, 35, 'it travelled 0 hops (TTL 64), the server''s other packets 4 (TTL 60)'"
    })
    void howFarItTravelled(int ttl, Sender sender, int decibans, String fact) {
        assertThat(weight(fact, sender, and(conversation(), rst(1).ttl(ttl)))).isEqualTo(decibans);
    }

    /// Behind a load balancer that answers SYNs itself, the handshake has another TTL.
    @Test
    void theHandshakeTellsOnlyWhereNothingElseDoes() {
        TestPacket[] packets = conversation();
        packets[1].ttl(64);
        assertThat(facts(and(packets, rst(1))))
                .contains("it came as far as the server's other packets (TTL 60)");

        TestPacket[] handshake = Arrays.copyOf(conversation(), 4);
        assertThat(facts(and(handshake, rst(1).numbers(1, 6).ttl(63))))
                .contains("it travelled 1 hop (TTL 63), the server's other packets 4 (TTL 60)");
    }

    /// Packets that take several ways tell nothing, and neither do those of other points.
    @Test
    void whatVariesTellsNothing() {
        TestPacket[] packets = and(conversation(), server(0.5).numbers(6, 6).says("more").ttl(59));
        assertThat(facts(and(packets, rst(1).numbers(10, 6).ttl(63))))
                .noneMatch(fact -> fact.contains("TTL"));
        assertThat(facts(and(conversation(), rst(1).ttl(63).in(1))))
                .noneMatch(fact -> fact.contains("TTL"));
    }

    /// Seen at another point too, where the server's packets were seen.
    @Test
    void aPointThatSawBothTells() {
        TestPacket[] packets = conversation();
        packets[1].alsoIn(1, 62);
        packets[4].alsoIn(1, 62);

        assertThat(facts(and(packets, rst(1).in(2).ttl(64).alsoIn(1, 64))))
                .contains("it travelled 0 hops (TTL 64), the server's other packets 2 (TTL 62)");
    }

    /// What never answered is compared with other connections of its host.
    @Test
    void otherConnectionsOfAHostTellHowFarItIs() {
        Connection other = connection(SERVER);
        other.add(server(0).ttl(60).build(1));
        ttls.learn(other);

        assertThat(facts(client(1).flags(Decoder.SYN), server(1).flags(RST_ACK).ttl(64)))
                .contains("it travelled 0 hops (TTL 64), the server's other packets 4 (TTL 60)");
    }

    /// Seen at the client, nothing to compare: no hop from a server of another network.
    @ParameterizedTest(name = "server {0}, client''s TTL {1}, reset''s {2}")
    @CsvSource({
        "c0000201, 64, 64, true",
        "c0000201, 128, 255, true",
        "0a000002, 64, 64, false",
        "0a000102, 64, 64, true",
        "c0000201, 63, 64, false",
        "c0000201, 64, 63, false"
    })
    void aResetThatTravelledNoHop(String address, int ttl, int resetTtl, boolean isSaid) {
        TestPacket rst = server(0.01).flags(RST_ACK).numbers(0, 1).ttl(resetTtl);
        Endpoint server = new Endpoint(Decoder.IPV4_MARK, Long.parseLong(address, 16), 443);
        String fact = "it travelled no hop, but the server is in another network";

        assertThat(evidence(server, rst, client(0).flags(Decoder.SYN).ttl(ttl), rst))
                .extracting(Evidence::fact)
                .matches(facts -> facts.contains(fact) == isSaid);
    }

    @Test
    void aClientsResetIsNoNeighbour() {
        assertThat(facts(server(0).flags(SYN_ACK), client(0.01).flags(RST_ACK).numbers(1, 1).in(1)))
                .noneMatch(fact -> fact.contains("no hop"));
    }

    // ---- what no TCP does

    @Test
    void resetsOfOneSideWithDifferentTtls() {
        TestPacket rst = rst(1);
        String fact = "resets of one side have different TTLs";

        assertThat(factsOf(rst, and(conversation(), rst, rst(1.001).ttl(50)))).contains(fact);
        assertThat(factsOf(rst, and(conversation(), rst, rst(1.001).ipId(4)))).doesNotContain(fact);
        assertThat(factsOf(rst, and(conversation(), rst, rst(1.001).ttl(50).in(1))))
                .doesNotContain(fact);
        assertThat(factsOf(rst, and(conversation(), rst, rst(3.001).ttl(50)))).doesNotContain(fact);
        assertThat(
                        factsOf(
                                rst,
                                and(
                                        conversation(),
                                        rst,
                                        client(1.001).flags(RST_ACK).numbers(6, 6).ttl(50))))
                .doesNotContain(fact);
    }

    /// A censor sends several, with numbers that it guesses. One that answers a packet has its
    /// number, whichever that is; so have those after a FIN.
    @Test
    void aSecondResetBeyondWhatWasSaid() {
        TestPacket rst = rst(1);
        TestPacket beyond = rst(1.001).numbers(1466, 6).ipId(9);

        assertThat(factsOf(rst, and(conversation(), rst, beyond))).contains(JUMP);
        assertThat(factsOf(rst, and(conversation(), rst, rst(1.001).numbers(8, 6).ipId(9))))
                .doesNotContain(JUMP);
        assertThat(factsOf(rst, and(conversation(), rst, client(1.0005).numbers(6, 1466), beyond)))
                .doesNotContain(JUMP);
        assertThat(
                        factsOf(
                                rst,
                                and(
                                        conversation(),
                                        client(0.5).flags(Decoder.FIN | Decoder.ACK).numbers(6, 6),
                                        rst,
                                        beyond)))
                .doesNotContain(JUMP);
        assertThat(factsOf(beyond, and(conversation(), rst, beyond))).doesNotContain(JUMP);
    }

    /// What was sent before may arrive a little later; and what was said before is no news.
    @Test
    void dataAfterTheReset() {
        TestPacket[] goesOn = and(conversation(), rst(1), server(1.02).numbers(6, 6).says("more"));
        assertThat(evidence(SERVER, goesOn[6], goesOn))
                .filteredOn(each -> each.fact().equals(MORE_DATA))
                .extracting(each -> each.senderDecibans().get(Sender.MIDDLEBOX))
                .containsExactly(50);

        TestPacket[] overtaken =
                and(conversation(), rst(1), server(1.004).numbers(6, 6).says("more"));
        assertThat(evidence(SERVER, overtaken[6], overtaken))
                .filteredOn(each -> each.fact().equals(MORE_DATA))
                .extracting(each -> each.senderDecibans().get(Sender.MIDDLEBOX))
                .containsExactly(32);

        TestPacket rst = rst(1);
        assertThat(
                        factsOf(
                                rst,
                                and(
                                        conversation(),
                                        rst,
                                        server(1.02).numbers(1, 6).says("hello").ipId(3))))
                .doesNotContain(MORE_DATA);
        assertThat(factsOf(rst, and(conversation(), rst, client(1.02).numbers(6, 6).says("more"))))
                .doesNotContain(MORE_DATA);
    }

    /// A stack's own reset is never below what it has sent, unless it answers a segment.
    @Test
    void aNumberBelowWhatWasSent() {
        String fact = "its sequence number is below data sent before";
        TestPacket[] further =
                and(conversation(), server(0.9).numbers(6, 6).says("x".repeat(100)).ttl(60));

        assertThat(facts(and(further, rst(1).numbers(50, 6)))).contains(fact);
        assertThat(facts(and(further, rst(1).numbers(106, 6)))).doesNotContain(fact);
        // As the client had acknowledged.
        assertThat(facts(and(further, rst(1).numbers(6, 6)))).doesNotContain(fact);
    }

    /// Copied, or less 26 as one censor does; not where it continues its side's own.
    @ParameterizedTest(name = "id {0}, its side''s last {1}")
    @CsvSource({"500, 0, true", "474, 0, true", "500, 490, false", "480, 0, false", "0, 0, false"})
    void anIdThatIsCopied(int id, int own, boolean isSaid) {
        TestPacket[] packets = conversation();
        packets[4].ipId(own);
        packets[5].ipId(500);

        assertThat(
                        facts(and(packets, rst(1).ipId(id)))
                                .contains("its IP-ID is copied from the packet before"))
                .isEqualTo(isSaid);
    }

    @ParameterizedTest(name = "{0}, TTL {1}")
    @CsvSource({"other, 61, true", "other, 60, false", "hello, 61, false"})
    void twoThingsWithOneNumber(String words, int ttl, boolean isSaid) {
        TestPacket said = server(0.07).numbers(1, 6).says(words).ttl(ttl).ipId(7);

        assertThat(
                        facts(and(conversation(), said, rst(1)))
                                .contains(
                                        "the server seems to have said two things with one number"))
                .isEqualTo(isSaid);
    }

    // ---- time

    /// The server is 20 ms away: an answer cannot come sooner than in half of that.
    @ParameterizedTest(name = "{0} s after the question")
    @CsvSource({"0.009, true", "0.011, false"})
    void anAnswerThatComesTooSoon(double after, boolean isSaid) {
        Connection other = connection(SERVER);
        TestPacket[] packets = conversation();
        for (int i = 0; i < packets.length; i++) {
            other.add(packets[i].build(i + 1));
        }
        roundTrips.learn(other);

        assertThat(
                        facts(
                                and(
                                        Arrays.copyOf(conversation(), 5),
                                        client(1).numbers(6, 6).says("more"),
                                        rst(1 + after).numbers(6, 10))))
                .matches(facts ->
                        facts.stream().anyMatch(fact -> fact.contains("after its trigger"))
                                == isSaid);
    }

    // ---- places

    /// The server's packets pass two points, the reset one of them.
    @Test
    void aResetThatDidNotPassWhereItsSideIs() {
        String fact = "it was seen at 1 of the 2 points that the server's packets pass";
        TestPacket[] packets = conversation();
        packets[1].alsoIn(1, 61);
        packets[4].alsoIn(1, 61);

        assertThat(weight(fact, Sender.MIDDLEBOX, and(packets, rst(1)))).isEqualTo(20);
        assertThat(facts(and(packets, rst(1).alsoIn(1, 61)))).doesNotContain(fact);
        // The capture at that point was over.
        lastNanos = 500_000_000;
        assertThat(facts(and(packets, rst(1)))).doesNotContain(fact);
    }

    @Test
    void onlyWhereAllOfItsSidePassedCounts() {
        TestPacket[] packets = conversation();
        packets[1].alsoIn(1, 61);
        packets[2].alsoIn(1, 61);

        assertThat(facts(and(packets, rst(1)))).noneMatch(fact -> fact.contains("points"));
    }

    /// A bridge shows each packet twice at one point, but for the one that it makes.
    @Test
    void aPointThatShowsPacketsTwice() {
        TestPacket[] packets = conversation();
        packets[1].alsoIn(0, 60);
        packets[4].alsoIn(0, 60);

        assertThat(facts(and(packets, rst(1))))
                .contains("it was seen at 1 of the 2 points that the server's packets pass");
    }

    // ---- the stack's form

    @ParameterizedTest(name = "after {0}, {1}")
    @CsvSource({
        "100, 101, true",
        "100, 164, true",
        "100, 165, false",
        "100, 100, false",
        "65535, 3, true",
        "0, 1, false",
        "100, 99, false"
    })
    void anIdThatContinues(int last, int id, boolean isSaid) {
        TestPacket[] packets = conversation();
        packets[4].ipId(last);

        assertThat(
                        facts(and(packets, rst(1).ipId(id)))
                                .contains("its IP-ID continues the server's own"))
                .isEqualTo(isSaid);
    }

    @ParameterizedTest(name = "after {0}, {1}")
    @CsvSource({
        "1000, 1900, true",
        "1000, 1000, true",
        "1000, 999, false",
        "1000, 200000000, false",
        "0, 1900, false"
    })
    void aTimeStampThatContinues(int last, int stamp, boolean isSaid) {
        TestPacket[] packets = conversation();
        packets[4].timestamp(last);

        assertThat(
                        facts(and(packets, rst(1).timestamp(stamp)))
                                .contains("its time stamp continues the server's own"))
                .isEqualTo(isSaid);
    }

    /// Of a side that counts and stamps as Linux does: with ACK, without, and as a kernel answers
    /// for a socket that it does not have.
    @ParameterizedTest(name = "flags {0}, id {1}")
    @CsvSource({"20, 0, 28", "20, 30000, 28", "4, 30000, 12", "4, 0, 0"})
    void aResetThatIsNotItsStacks(int flags, int id, int decibans) {
        String fact = "it has neither the time stamp nor the IP-ID of the server's stack";
        TestPacket[] packets = linux();
        TestPacket[] all = and(packets, rst(1).flags(flags).numbers(11, 6).ipId(id));

        if (decibans == 0) {
            assertThat(facts(all)).doesNotContain(fact);
        } else {
            assertThat(weight(fact, Sender.MIDDLEBOX, all)).isEqualTo(decibans);
        }
    }

    private static TestPacket[] linux() {
        TestPacket[] packets =
                and(conversation(), server(0.07).numbers(6, 6).says("again").ttl(60));
        packets[4].ipId(100).timestamp(5000);
        packets[6].ipId(101).timestamp(5020);
        return packets;
    }

    /// One packet shows no counting; what jumps, or has no stamp, does not count so.
    @Test
    void aSideThatDoesNotCountShowsNoForeignStack() {
        String fact = "neither the time stamp nor the IP-ID";
        TestPacket[] once = conversation();
        once[4].ipId(100).timestamp(5000);
        assertThat(facts(and(once, rst(1).ipId(0)))).noneMatch(each -> each.contains(fact));
        TestPacket[] jumps = linux();
        jumps[6].ipId(9000);
        assertThat(facts(and(jumps, rst(1).numbers(11, 6).ipId(0))))
                .noneMatch(each -> each.contains(fact));
        TestPacket[] unstamped = linux();
        unstamped[6].timestamp(0);
        assertThat(facts(and(unstamped, rst(1).numbers(11, 6).ipId(0))))
                .noneMatch(each -> each.contains(fact));
        assertThat(facts(and(linux(), rst(1).numbers(11, 6).ipId(0).timestamp(9000))))
                .noneMatch(each -> each.contains(fact));
    }

    // ---- both directions

    @ParameterizedTest(name = "{0} s apart, somebody had spoken: {1}")
    @CsvSource({"0.001, false, true", "0.02, false, false", "0.001, true, false"})
    void bothSidesAreReset(double apart, boolean spoke, boolean isSaid) {
        TestPacket rst = rst(1);
        TestPacket[] packets = conversation();
        TestPacket[] before =
                spoke ? and(packets, client(0.999).numbers(6, 6).says("more")) : packets;

        assertThat(
                        factsOf(
                                        rst,
                                        and(
                                                before,
                                                rst,
                                                client(1 + apart).flags(RST_ACK).numbers(6, 6)))
                                .contains("both sides were reset at once, and neither had spoken"))
                .isEqualTo(isSaid);
    }

    // ---- hardware

    @ParameterizedTest(name = "the answer from {0}, the reset from {1}")
    @CsvSource({"7, 9, true", "7, 7, false", "8, 9, false", "7, 0, false"})
    void anotherNetworkCard(long answer, long reset, boolean isSaid) {
        TestPacket[] packets = conversation();
        packets[0].mac(1);
        packets[1].mac(7);
        packets[4].mac(answer);

        assertThat(
                        facts(and(packets, rst(1).mac(reset)))
                                .contains(
                                        "it came from hardware address 000000000009, its side's"
                                                + " other packets from 000000000007"))
                .isEqualTo(isSaid);
    }
}
