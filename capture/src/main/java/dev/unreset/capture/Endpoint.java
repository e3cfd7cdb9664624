package dev.unreset.capture;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;

/// An address and a port; `toString` is `192.0.2.1:80` or `[2001:db8::1]:80`.
record Endpoint(long high, long low, int port) {

    boolean isIpv4() {
        return high == Decoder.IPV4_MARK;
    }

    /// The address alone.
    String host() {
        try {
            byte[] bytes =
                    isIpv4()
                            ? ByteBuffer.allocate(4).putInt((int) low).array()
                            : ByteBuffer.allocate(16).putLong(high).putLong(low).array();
            return InetAddress.getByAddress(bytes).getHostAddress();
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address of 4 or 16 bytes is legal", e);
        }
    }

    @Override
    public String toString() {
        return isIpv4() ? host() + ":" + port : "[" + compressed() + "]:" + port;
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
