package dev.unreset.capture;

import org.jspecify.annotations.Nullable;

/// An address and a port; `toString` is `192.0.2.1:80` or `[2001:db8::1]:80`.
record Endpoint(long high, long low, int port) implements Comparable<Endpoint> {

    // Written out: what the compiler makes of a record costs the start of a program 10 ms.
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Endpoint that
                && high == that.high
                && low == that.low
                && port == that.port;
    }

    @Override
    public int hashCode() {
        return 31 * (31 * Long.hashCode(high) + Long.hashCode(low)) + port;
    }

    @Override
    public int compareTo(Endpoint other) {
        int order = Long.compareUnsigned(high, other.high);
        order = order != 0 ? order : Long.compareUnsigned(low, other.low);
        return order != 0 ? order : Integer.compare(port, other.port);
    }

    boolean isIpv4() {
        return high == Decoder.IPV4_MARK;
    }

    /// The address alone, as an endpoint of no port.
    Endpoint address() {
        return new Endpoint(high, low, 0);
    }

    @Override
    public String toString() {
        return isIpv4() ? dotted() + ":" + port : "[" + compressed() + "]:" + port;
    }

    /// The address, without the port.
    String host() {
        return isIpv4() ? dotted() : compressed();
    }

    private String dotted() {
        return (low >>> 24)
                + "."
                + (low >>> 16 & 255)
                + "."
                + (low >>> 8 & 255)
                + "."
                + (low & 255);
    }

    /// RFC 5952: the longest run of zero groups becomes `::`.
    private String compressed() {
        int[] groups = new int[8];
        for (int i = 0; i < 8; i++) {
            groups[i] = (int) ((i < 4 ? high : low) >>> (48 - 16 * (i & 3))) & 0xffff;
        }
        int best = -1;
        int bestLength = 1;
        for (int i = 0; i < 8; i++) {
            int length = 0;
            while (i + length < 8 && groups[i + length] == 0) {
                length++;
            }
            if (length > bestLength) {
                best = i;
                bestLength = length;
            }
        }
        StringBuilder text = new StringBuilder();
        int i = 0;
        while (i < 8) {
            if (i == best) {
                text.append("::");
                i += bestLength;
            } else {
                if (!text.isEmpty() && text.charAt(text.length() - 1) != ':') {
                    text.append(':');
                }
                text.append(Integer.toHexString(groups[i]));
                i++;
            }
        }
        return text.toString();
    }
}
