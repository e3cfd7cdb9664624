package dev.unreset.capture;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unreset.Cause;
import dev.unreset.capture.Admission.Arrival;
import dev.unreset.capture.Admission.Fate;
import dev.unreset.capture.Admission.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.ToIntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Which limit turned connections away, by what became of all of them: each test plays the limit
/// that is to be found.
class AdmissionTest {

    private static final int CONNECTIONS = 60;
    private static final long MILLI = 1_000_000;

    /// Connections that come at random times, by about `everyMillis`, from some clients, and stay
    /// for `longestMillis` at most.
    private static List<Arrival> coming(int seed, int everyMillis, int longestMillis, int clients) {
        Random random = new Random(seed);
        List<Arrival> coming = new ArrayList<>();
        long now = 0;
        for (int i = 0; i < CONNECTIONS; i++) {
            now += (1 + random.nextInt(2 * everyMillis)) * MILLI;
            long end = now + (1 + random.nextInt(longestMillis)) * MILLI;
            coming.add(new Arrival(now, end, random.nextInt(clients), Fate.LET_IN));
        }
        return coming;
    }

    private static Arrival turnedAway(Arrival arrival) {
        return new Arrival(
                arrival.startNanos(), arrival.startNanos(), arrival.client(), Fate.TURNED_AWAY);
    }

    private static boolean isOpenAt(Arrival arrival, long nanos) {
        return arrival.fate() == Fate.LET_IN && arrival.endNanos() > nanos;
    }

    /// Who finds `limit` others open, of those for which `whose` is the same, is turned away.
    private static List<Arrival> limitedToOpen(
            List<Arrival> coming, int limit, ToIntFunction<Arrival> whose) {
        List<Arrival> seen = new ArrayList<>();
        for (Arrival arrival : coming) {
            long open =
                    seen.stream()
                            .filter(other -> isOpenAt(other, arrival.startNanos()))
                            .filter(other -> whose.applyAsInt(other) == whose.applyAsInt(arrival))
                            .count();
            seen.add(open < limit ? arrival : turnedAway(arrival));
        }
        return seen;
    }

    private static List<Arrival> limitedToRate(List<Arrival> coming, double rate, int burst) {
        List<Arrival> seen = new ArrayList<>();
        double tokens = burst;
        long last = 0;
        for (Arrival arrival : coming) {
            tokens = Math.min(burst, tokens + (arrival.startNanos() - last) / 1e9 * rate);
            last = arrival.startNanos();
            seen.add(tokens >= 1 ? arrival : turnedAway(arrival));
            tokens = tokens >= 1 ? tokens - 1 : tokens;
        }
        return seen;
    }

    private static Admission of(List<Arrival> arrivals) {
        return Admission.of(arrivals, true).orElseThrow();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void aLimitOfOpenConnections(int seed) {
        Admission admission = of(limitedToOpen(coming(seed, 100, 1500, 3), 5, each -> 0));

        assertThat(admission.kind()).isEqualTo(Kind.OPEN_CONNECTIONS);
        assertThat(admission.words()).isEqualTo("5 open connections");
        assertThat(admission.told()).isEqualTo(CONNECTIONS);
        assertThat(admission.remedy(Cause.CONNECTION_LIMIT)).isPresent();
        assertThat(admission.remedy(Cause.SERVER_RESTART)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void aLimitOfOpenConnectionsForEachClient(int seed) {
        Admission admission = of(limitedToOpen(coming(seed, 100, 1500, 3), 2, Arrival::client));

        assertThat(admission.kind()).isEqualTo(Kind.OPEN_CONNECTIONS);
        assertThat(admission.words()).isEqualTo("2 open connections for each client");
    }

    /// A program that accepts one after the other, and takes a while for each: it looks at who is
    /// open 0.15 s after a connection has come.
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 8, 9})
    void aLimitOfOpenConnectionsThatIsLookedAtLate(int seed) {
        List<Arrival> seen = new ArrayList<>();
        for (Arrival arrival : coming(seed, 100, 2500, 1)) {
            long later = arrival.startNanos() + 150 * MILLI;
            long open = seen.stream().filter(other -> isOpenAt(other, later)).count();
            Arrival longer =
                    new Arrival(
                            arrival.startNanos(), arrival.endNanos() + 150 * MILLI, 0, Fate.LET_IN);
            seen.add(open < 3 ? longer : turnedAway(arrival));
        }

        Admission admission = Admission.of(seen, false).orElseThrow();

        assertThat(admission.kind()).isIn(Kind.OPEN_LATER, Kind.OPEN_CONNECTIONS);
        assertThat(admission.remedy(Cause.CONNECTION_LIMIT)).isPresent();
        // A firewall that refuses SYNs does not.
        assertThat(of(seen).kind()).isNotEqualTo(Kind.OPEN_LATER);
    }

    /// They stay open for about as long as it takes to let in the next.
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void aLimitOfTheRate(int seed) {
        Admission admission = of(limitedToRate(coming(seed, 150, 400, 1), 3, 4));

        assertThat(admission.kind()).isEqualTo(Kind.RATE);
        assertThat(admission.remedy(Cause.RATE_LIMIT)).isPresent();
    }

    /// HAProxy's `conn_rate`: who is turned away counts as well, so that nobody is let in while
    /// many come.
    @Test
    void aLimitOfTheRateThatCountsThoseTurnedAway() {
        List<Arrival> seen = new ArrayList<>();
        for (Arrival arrival : coming(1, 400, 50, 1)) {
            long lately =
                    seen.stream()
                            .filter(other ->
                                    arrival.startNanos() - other.startNanos() <= 3000 * MILLI)
                            .count();
            seen.add(lately < 8 ? arrival : turnedAway(arrival));
        }

        Admission admission = of(seen);

        assertThat(admission.kind()).isEqualTo(Kind.RATE);
        assertThat(admission.words()).isEqualTo("8 new connections in 3 s");
    }

    /// A counter that begins anew every two seconds.
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void aLimitOfTheRateThatIsCountedAnew(int seed) {
        List<Arrival> seen = new ArrayList<>();
        long window = -1;
        int count = 0;
        for (Arrival arrival : coming(seed, 150, 50, 1)) {
            long now = arrival.startNanos() / (2000 * MILLI);
            count = now == window ? count + 1 : 1;
            window = now;
            seen.add(count <= 8 ? arrival : turnedAway(arrival));
        }

        assertThat(of(seen).kind()).isEqualTo(Kind.RATE);
    }

    @Test
    void anAddressThatIsNeverLetIn() {
        List<Arrival> seen =
                coming(1, 100, 500, 4).stream()
                        .map(each -> each.client() == 2 ? turnedAway(each) : each)
                        .toList();

        Admission admission = of(seen);

        assertThat(admission.kind()).isEqualTo(Kind.ADDRESS);
        assertThat(admission.words()).isEqualTo("the address of one client");
        assertThat(admission.remedy(Cause.MIDDLEBOX)).isEmpty();
    }

    /// A program that crashes and is started again, several times.
    @Test
    void aServerThatIsNotThereAtTimes() {
        List<Arrival> seen =
                coming(1, 100, 20, 1).stream()
                        .map(each ->
                                each.startNanos() / (900 * MILLI) % 2 == 1
                                        ? turnedAway(each)
                                        : each)
                        .toList();

        Admission admission = of(seen);

        assertThat(admission.isPresence()).isTrue();
        assertThat(admission.isLimit()).isFalse();
    }

    /// It was served, and then refused: that many were let in before is no limit of their rate.
    @Test
    void aServerThatIsGoneIsNoLimit() {
        List<Arrival> seen = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            long start = i * 1000L * MILLI;
            Arrival arrival = new Arrival(start, start + 10 * MILLI, 1, Fate.LET_IN);
            seen.add(i < 10 ? arrival : turnedAway(arrival));
        }

        assertThat(of(seen).isLimit()).isFalse();
    }

    /// One client came while the server was there, another when it was gone.
    @Test
    void addressesThatComeOneAfterTheOtherTellNothing() {
        List<Arrival> seen = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            long start = i * 1000L * MILLI;
            Arrival arrival = new Arrival(start, start + 10 * MILLI, i < 10 ? 1 : 2, Fate.LET_IN);
            seen.add(i < 10 ? arrival : turnedAway(arrival));
        }

        assertThat(of(seen).isLimit()).isFalse();
    }

    /// A pool of 300 was there long before.
    @Test
    void thoseThatAreOpenForLongCount() {
        Random random = new Random(1);
        List<Arrival> seen = new ArrayList<>();
        long now = 0;
        for (int i = 0; i < 800; i++) {
            now += (1 + random.nextInt(40)) * MILLI;
            long end = i < 300 ? Long.MAX_VALUE : now + (1 + random.nextInt(3000)) * MILLI;
            seen.add(new Arrival(now, end, 1, Fate.LET_IN));
        }
        Admission admission = of(limitedToOpen(seen, 350, each -> 0));

        assertThat(admission.words()).isEqualTo("350 open connections");
    }

    /// What it tells wrongly, or did not look at, has another reason.
    @Test
    void exceptionsAreNotExplained() {
        List<Arrival> seen = new ArrayList<>(limitedToOpen(coming(1, 100, 1500, 3), 5, each -> 0));
        seen.set(0, turnedAway(seen.getFirst()));
        long last = seen.getLast().startNanos();

        Admission admission = of(seen);

        assertThat(admission.tells(seen.getFirst().startNanos())).isFalse();
        assertThat(admission.tells(last)).isTrue();
        assertThat(admission.tells(last + 1)).isFalse();
    }

    /// What the client says decides, for instance.
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void chanceIsNoLimit(int seed) {
        Random random = new Random(seed);
        List<Arrival> seen =
                coming(seed, 100, 300, 3).stream()
                        .map(each -> random.nextInt(4) == 0 ? turnedAway(each) : each)
                        .toList();

        assertThat(of(seen).isLimit()).isFalse();
    }

    @Test
    void aFewTellNothing() {
        List<Arrival> few = limitedToOpen(coming(1, 10, 1500, 1), 3, each -> 0).subList(0, 5);

        assertThat(Admission.of(few, true)).isEmpty();
        assertThat(Admission.of(coming(1, 100, 1500, 1), true)).isEmpty();
    }

    /// A firewall sees the end of a connection later than the capture, now and then.
    @Test
    void aLimitIsFoundAlthoughItTellsOneWrongly() {
        List<Arrival> seen = new ArrayList<>(limitedToOpen(coming(1, 100, 1500, 3), 5, each -> 0));
        seen.set(0, turnedAway(seen.getFirst()));

        Admission admission = of(seen);

        assertThat(admission.words()).isEqualTo("5 open connections");
        assertThat(admission.told()).isEqualTo(CONNECTIONS - 1);
    }
}
