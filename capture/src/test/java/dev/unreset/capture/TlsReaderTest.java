package dev.unreset.capture;

import static dev.unreset.capture.Conversations.record;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The headers of TLS records, as far as they were captured.
class TlsReaderTest {

    private final List<String> records = new ArrayList<>();
    private final TlsReader reader =
            new TlsReader((type, length, first) -> records.add(type + " " + length + " " + first));

    private void add(long sequence, String words) {
        reader.add(TestPacket.client(0).numbers(sequence, 1).says(words).build(1));
    }

    /// Of two records, the border between two packets is anywhere.
    @ParameterizedTest(name = "after {0} bytes")
    @ValueSource(ints = {1, 4, 7, 10, 12, 14, 20})
    void recordsGoOverTheBordersOfPackets(int border) {
        String all = record(6) + record(10);
        add(1, all.substring(0, border));
        assertThat(reader.isBetweenRecords()).isFalse();
        add(1 + border, all.substring(border));

        assertThat(records).hasSize(2).first().asString().startsWith("23 6 ");
        assertThat(records.getLast()).startsWith("23 10 ");
        assertThat(reader.isBetweenRecords()).isTrue();
        assertThat(reader.isWhole()).isTrue();
    }

    @Test
    void whatIsInARecordIsKnownByItsFirstByte() {
        add(1, "\u0016\u0003\u0003\u0000\u0002\u0001a");
        add(8, "\u0016\u0003\u0003\u0000\u0002");

        assertThat(records).containsExactly("22 2 1", "22 2 -1");
    }

    @Test
    void whatIsRepeatedCountsOnce() {
        add(1, record(6));
        add(1, record(6));
        add(1, record(6) + record(9));

        assertThat(records).hasSize(2);
        assertThat(reader.isWhole()).isTrue();
    }

    /// Only a packet that begins with a record tells where one is.
    @Test
    void afterAHoleItGoesOnWithThePacketThatBeginsWithARecord() {
        assertThat(reader.hasStarted()).isFalse();
        add(1, record(6));
        add(100, "the end of another" + record(7));
        assertThat(reader.isBetweenRecords()).isFalse();
        add(200, record(8));

        assertThat(records).hasSize(2).last().asString().startsWith("23 8 ");
        assertThat(reader.isBetweenRecords()).isTrue();
        assertThat(reader.isWhole()).isFalse();
        assertThat(reader.hasStarted()).isTrue();
    }

    @Test
    void whatIsNoTlsIsNoRecord() {
        add(1, "GET / HTTP/1.1\r\n\r\n");

        assertThat(records).isEmpty();
        assertThat(reader.isWhole()).isFalse();
    }
}
