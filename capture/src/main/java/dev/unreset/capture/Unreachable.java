package dev.unreset.capture;

/// Somebody says by ICMP that a segment of a connection could not be delivered.
///
/// @param packet the ICMP message, with the number of the segment that it quotes; it comes from the
///   side to which that was sent
/// @param reporter who says so
/// @param code RFC 792 and RFC 1812, 5.2.7.1; of ICMPv6 (RFC 4443, 3.1) with [#V6]
record Unreachable(Packet packet, Endpoint reporter, int code) {

    static final int V6 = 0x100;

    /// What the code means.
    enum Meaning {
        /// The host, its network, or a way there is not to be found.
        HOST("the host cannot be reached"),
        /// Firewalls say so too; a kernel answers for a closed TCP port with a RST.
        PORT("the port cannot be reached"),
        /// Somebody does not want it.
        POLICY("it is administratively prohibited");

        private final String words;

        Meaning(String words) {
            this.words = words;
        }
    }

    Meaning meaning() {
        return switch (code) {
            case 3, V6 | 4 -> Meaning.PORT;
            case 2, 9, 10, 13, V6 | 1, V6 | 5, V6 | 6 -> Meaning.POLICY;
            default -> Meaning.HOST;
        };
    }

    /// `10.0.0.1 says by ICMP that the host cannot be reached`.
    String words() {
        return reporter.host() + " says by ICMP that " + meaning().words;
    }
}
