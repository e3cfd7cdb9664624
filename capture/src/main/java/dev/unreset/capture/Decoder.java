package dev.unreset.capture;

import java.nio.ByteBuffer;

/// Finds the innermost TCP segment of a frame: through VLAN tags, MPLS, PPPoE, GRE, IP in IP,
/// VXLAN, Geneve, GTP, Teredo, IPv6 extension headers and first fragments.
///
/// One decoder is used for all frames of a capture: its fields describe the frame decoded last. No
/// frame makes an object.
final class Decoder {

    /// What a frame turned out to be.
    enum Kind {
        TCP,
        /// ICMP says that a TCP segment could not be delivered: the fields are those of that
        /// segment, as far as it is quoted.
        UNREACHABLE,
        /// Something else, or TCP of which the flags were not captured.
        OTHER,
        /// A link type, or a header, that cannot be read.
        UNREADABLE
    }

    static final int FIN = 1;
    static final int SYN = 2;
    static final int RST = 4;
    static final int PSH = 8;
    static final int ACK = 16;

    /// Stands among the flags of a segment that ICMP says could not be delivered.
    static final int UNDELIVERED = 1 << 12;

    /// No flag of TCP: a segment that was seen before, at another point of its path.
    static final int SEEN_BEFORE = 1 << 11;

    /// Those of RFC 9293 and AE (RFC 9768); the bits that are reserved are left out.
    static final int TCP_FLAGS = 0x01ff;

    private static final int IPV4 = 0x0800;
    private static final int IPV6 = 0x86dd;
    private static final int VLAN = 0x8100;
    private static final int MOST_LAYERS = 32;
    static final int PROTOCOL_TCP = 6;
    private static final int PROTOCOL_UDP = 17;
    private static final int PROTOCOL_GRE = 47;
    private static final int PROTOCOL_ICMP = 1;
    private static final int PROTOCOL_ICMPV6 = 58;

    private ByteBuffer bytes = ByteBuffer.allocate(0);
    private int end;
    private int layers;

    /// Both halves of an IPv6 address; an IPv4 address is in the lower half, the upper is
    /// [#IPV4_MARK].
    long sourceHigh;

    long sourceLow;
    long targetHigh;
    long targetLow;

    /// The source's port in the upper half, the target's in the lower.
    int ports;

    int sequence;
    int acknowledged;
    int flags;
    int headerBytes;
    int ttl;

    /// -1 where there is none (IPv6).
    int ipId;

    /// Payload bytes on the wire, as the IP header says.
    int payloadBytes;

    /// Where the captured payload begins.
    int payloadAt;

    private int headerAt;
    long sourceMac;

    // Of UNREACHABLE: who said so, and the code; that of ICMPv6 with [Unreachable#V6].
    long reporterHigh;
    long reporterLow;
    int unreachableCode;

    /// Which interface or direction a cooked capture says the frame passed.
    int passage;

    // After lookClosely.
    int window;
    int tsValue;
    boolean hasTimestamp;

    /// See [Packet#segmentSize].
    int segmentSize;

    static final long IPV4_MARK = 0x0000_ffff_0000_0000L;

    /// Whether the segment's addresses are of IPv4.
    boolean isIpv4() {
        return PacketRows.isIpv4(sourceHigh, sourceLow, targetHigh, targetLow);
    }

    Kind decode(ByteBuffer frame, int at, int captured, int linkType) {
        bytes = frame;
        end = at + captured;
        layers = 0;
        sourceMac = 0;
        passage = 0;
        return link(at, linkType);
    }

    private Kind link(int at, int linkType) {
        return switch (linkType) {
            case LinkTypes.ETHERNET, LinkTypes.NETANALYZER ->
                    ethernet(at + LinkTypes.before(linkType));
            case LinkTypes.NULL, LinkTypes.LOOP -> loopback(at);
            case LinkTypes.RAW,
                    LinkTypes.RAW_12,
                    LinkTypes.RAW_14,
                    LinkTypes.IPV4,
                    LinkTypes.IPV6 ->
                    ip(at);
            case LinkTypes.LINUX_SLL -> cooked(at);
            case LinkTypes.LINUX_SLL2 -> cooked2(at);
            case LinkTypes.PPP, LinkTypes.PPP_HDLC -> ppp(at);
            case LinkTypes.PPP_ETHER -> has(at, 6) ? ppp(at + 6) : Kind.OTHER;
            case LinkTypes.CISCO_HDLC ->
                    has(at, 4) ? etherType(at + 4, uint16(at + 2)) : Kind.OTHER;
            case LinkTypes.IEEE802_11 -> wireless(at);
            case LinkTypes.RADIOTAP, LinkTypes.PPI ->
                    has(at, 4)
                            ? wireless(
                                    at
                                            + Short.toUnsignedInt(
                                                    Short.reverseBytes((short) uint16(at + 2))))
                            : Kind.OTHER;
            case LinkTypes.PRISM -> wireless(at + 144);
            case LinkTypes.NFLOG -> nflog(at);
            case LinkTypes.FRAME_RELAY -> frameRelay(at);
            case LinkTypes.FDDI -> llc(at + 13);
            case LinkTypes.TOKEN_RING -> llc(at + 14);
            case LinkTypes.ATM_RFC1483, LinkTypes.ATM_CLIP -> llc(at);
            case LinkTypes.ARCNET_LINUX -> has(at, 8) ? arcnet(at) : Kind.OTHER;
            case LinkTypes.SLIP -> ip(at + 16);
            case LinkTypes.IP_OVER_FC -> llc(at + 16);
            case LinkTypes.IPOIB -> has(at, 44) ? etherType(at + 44, uint16(at + 40)) : Kind.OTHER;
            case LinkTypes.IPNET -> has(at, 24) ? ip(at + 24) : Kind.OTHER;
            case LinkTypes.JUNIPER_ETHERNET -> juniper(at);
            case LinkTypes.PKTAP -> pktap(at);
            default -> LinkTypes.carriesNoIp(linkType) ? Kind.OTHER : Kind.UNREADABLE;
        };
    }

    private Kind cooked(int at) {
        if (!has(at, 16)) {
            return Kind.OTHER;
        }
        passage = uint16(at) & 7;
        return etherType(at + 16, uint16(at + 14));
    }

    private Kind cooked2(int at) {
        if (!has(at, 20)) {
            return Kind.OTHER;
        }
        passage = (bytes.getInt(at + 4) & 31) << 3 | (uint8(at + 10) & 7);
        return etherType(at + 20, uint16(at));
    }

    private Kind pktap(int at) {
        if (!has(at, 12)) {
            return Kind.OTHER;
        }
        long length = Integer.toUnsignedLong(Integer.reverseBytes(bytes.getInt(at)));
        int inner = Integer.reverseBytes(bytes.getInt(at + 8));
        return length < 12 || length > end - at || ++layers > MOST_LAYERS
                ? Kind.OTHER
                : link(at + (int) length, inner);
    }

    /// `4D 47 43`, flags; with flag 0x80 a length and extensions; then the frame.
    private Kind juniper(int at) {
        if (!has(at, 6) || uint16(at) != 0x4d47) {
            return Kind.OTHER;
        }
        int flagBits = uint8(at + 3);
        int next = at + 4;
        if ((flagBits & 0x80) != 0) {
            next += 2 + uint16(next);
        }
        return (flagBits & 0x02) != 0 ? ip(next + 4) : ethernet(next);
    }

    private Kind ethernet(int at) {
        if (!has(at, 14)) {
            return Kind.OTHER;
        }
        sourceMac = bytes.getLong(at + 6) >>> 16;
        int type = uint16(at + 12);
        return type < 0x600 ? llc(at + 14) : etherType(at + 14, type);
    }

    private Kind etherType(int start, int first) {
        int at = start;
        int type = first;
        while (++layers < MOST_LAYERS) {
            switch (type) {
                case IPV4, IPV6 -> {
                    return ip(at);
                }
                case VLAN, 0x88a8, 0x9100, 0x9200 -> {
                    if (!has(at, 4)) {
                        return Kind.OTHER;
                    }
                    type = uint16(at + 2);
                    at += 4;
                    if (type < 0x600) {
                        return llc(at);
                    }
                }
                case 0x8847, 0x8848 -> {
                    return mpls(at);
                }
                case 0x8864 -> {
                    return has(at, 8) ? ppp(at + 6) : Kind.OTHER;
                }
                case 0x6558, 0x0001, 0x0003 -> {
                    // Transparent Ethernet bridging; Linux cooked "Ethernet".
                    return type == 0x0003 ? Kind.OTHER : ethernet(at);
                }
                case 0x0004 -> {
                    return llc(at);
                }
                case 0x893f -> {
                    // 802.1BR: six bytes before the next type.
                    if (!has(at, 8)) {
                        return Kind.OTHER;
                    }
                    type = uint16(at + 6);
                    at += 8;
                }
                case 0x8926 -> {
                    // VN-Tag.
                    if (!has(at, 6)) {
                        return Kind.OTHER;
                    }
                    type = uint16(at + 4);
                    at += 6;
                }
                default -> {
                    return Kind.OTHER;
                }
            }
        }
        return Kind.OTHER;
    }

    private Kind mpls(int start) {
        int at = start;
        while (has(at, 4)) {
            boolean last = (uint8(at + 2) & 1) != 0;
            at += 4;
            if (last) {
                if (!has(at, 1)) {
                    return Kind.OTHER;
                }
                int nibble = uint8(at) >> 4;
                // A pseudowire control word begins with 0 (RFC 4385).
                return nibble == 0
                        ? ethernet(at + 4)
                        : nibble == 4 || nibble == 6 ? ip(at) : ethernet(at);
            }
        }
        return Kind.OTHER;
    }

    private Kind ppp(int start) {
        int at = start;
        if (has(at, 2) && uint16(at) == 0xff03) {
            at += 2;
        }
        if (!has(at, 2)) {
            return Kind.OTHER;
        }
        // A compressed protocol field has one byte, and is odd.
        boolean compressed = (uint8(at) & 1) != 0;
        int protocol = compressed ? uint8(at) : uint16(at);
        at += compressed ? 1 : 2;
        return switch (protocol) {
            case 0x21, 0x57 -> ip(at);
            case 0x281 -> mpls(at);
            default -> Kind.OTHER;
        };
    }

    private Kind loopback(int at) {
        return ip(at + 4);
    }

    private Kind frameRelay(int start) {
        int at = start + 2;
        if (!has(at, 4)) {
            return Kind.OTHER;
        }
        if (uint8(at) == 0x03) {
            int nlpid = uint8(at + 1) == 0 ? uint8(at + 2) : uint8(at + 1);
            at += uint8(at + 1) == 0 ? 3 : 2;
            return nlpid == 0xcc || nlpid == 0x8e ? ip(at) : nlpid == 0x80 ? snap(at) : Kind.OTHER;
        }
        return etherType(at + 2, uint16(at));
    }

    /// RFC 1051 (type 240) has no header of its own; RFC 1201 (type 212) has three bytes to split
    /// packets.
    private Kind arcnet(int at) {
        return switch (uint8(at + 4)) {
            case 240 -> ip(at + 5);
            case 212 -> ip(at + 8);
            default -> Kind.OTHER;
        };
    }

    private Kind nflog(int start) {
        int at = start + 4;
        while (has(at, 4)) {
            int size = Short.toUnsignedInt(Short.reverseBytes((short) uint16(at)));
            int type = Short.toUnsignedInt(Short.reverseBytes((short) uint16(at + 2)));
            if (size < 4) {
                return Kind.OTHER;
            }
            if (type == 9) {
                return ip(at + 4);
            }
            at += (size + 3) & ~3;
        }
        return Kind.OTHER;
    }

    /// LLC with SNAP (IEEE 802.2).
    private Kind llc(int at) {
        if (!has(at, 8)) {
            return Kind.OTHER;
        }
        int saps = uint16(at);
        if (saps == 0xaaaa) {
            return snap(at + 3);
        }
        return saps == 0x0606 ? ip(at + 3) : Kind.OTHER;
    }

    private Kind snap(int at) {
        return has(at, 5) ? etherType(at + 5, uint16(at + 3)) : Kind.OTHER;
    }

    private Kind wireless(int at) {
        if (!has(at, 24)) {
            return Kind.OTHER;
        }
        int control = uint8(at);
        int flagBits = uint8(at + 1);
        int type = control >> 2 & 3;
        int subtype = control >> 4;
        boolean encrypted = (flagBits & 0x40) != 0;
        if (type != 2 || (subtype & 4) != 0 || encrypted) {
            return Kind.OTHER;
        }
        int next = at + 24;
        if ((flagBits & 3) == 3) {
            next += 6;
        }
        if ((subtype & 8) != 0) {
            boolean aggregated = has(next, 2) && (uint8(next) & 0x80) != 0;
            next += 2;
            if ((flagBits & 0x80) != 0) {
                next += 4;
            }
            if (aggregated) {
                next += 14;
            }
        }
        return llc(next);
    }

    private Kind ip(int at) {
        if (!has(at, 20) || ++layers > MOST_LAYERS) {
            return Kind.OTHER;
        }
        return switch (uint8(at) >> 4) {
            case 4 -> ipv4(at);
            case 6 -> ipv6(at);
            default -> Kind.OTHER;
        };
    }

    private Kind ipv4(int at) {
        int header = (uint8(at) & 15) * 4;
        if (header < 20 || !has(at, header)) {
            return Kind.OTHER;
        }
        int total = uint16(at + 2);
        // 0: segmentation offload; the frame tells how long it is.
        int packetEnd = total < header ? end : at + total;
        int fragment = uint16(at + 6);
        if ((fragment & 0x1fff) != 0) {
            return Kind.OTHER;
        }
        sourceHigh = IPV4_MARK;
        sourceLow = Integer.toUnsignedLong(bytes.getInt(at + 12));
        targetHigh = IPV4_MARK;
        targetLow = Integer.toUnsignedLong(bytes.getInt(at + 16));
        ttl = uint8(at + 8);
        ipId = uint16(at + 4);
        return transport(at + header, packetEnd, uint8(at + 9));
    }

    private Kind ipv6(int at) {
        if (!has(at, 40)) {
            return Kind.OTHER;
        }
        int length = uint16(at + 4);
        int packetEnd = length == 0 ? end : at + 40 + length;
        sourceHigh = bytes.getLong(at + 8);
        sourceLow = bytes.getLong(at + 16);
        targetHigh = bytes.getLong(at + 24);
        targetLow = bytes.getLong(at + 32);
        ttl = uint8(at + 7);
        ipId = -1;
        int next = uint8(at + 6);
        int body = at + 40;
        while (has(body, 8)) {
            switch (next) {
                case 0, 43, 60, 135, 139, 140 -> {
                    next = uint8(body);
                    body += 8 * (uint8(body + 1) + 1);
                }
                case 44 -> {
                    if ((uint16(body + 2) & 0xfff8) != 0) {
                        return Kind.OTHER;
                    }
                    next = uint8(body);
                    body += 8;
                }
                case 51 -> {
                    next = uint8(body);
                    body += 4 * (uint8(body + 1) + 2);
                }
                default -> {
                    return transport(body, packetEnd, next);
                }
            }
        }
        return Kind.OTHER;
    }

    private Kind transport(int at, int packetEnd, int protocol) {
        return switch (protocol) {
            case PROTOCOL_TCP -> tcp(at, packetEnd);
            case 4, 41 -> ip(at);
            case PROTOCOL_GRE -> gre(at);
            case PROTOCOL_UDP -> udp(at);
            case PROTOCOL_ICMP -> unreachable(at, 3, 0);
            case PROTOCOL_ICMPV6 -> unreachable(at, 1, Unreachable.V6);
            case 137 -> mpls(at);
            case 97 -> has(at, 2) ? ethernet(at + 2) : Kind.OTHER;
            default -> Kind.OTHER;
        };
    }

    /// RFC 792 and RFC 4443, 3.1: type, code, checksum, 4 bytes, and the packet's beginning.
    private Kind unreachable(int at, int type, int version) {
        boolean tooBig = version == 0 && has(at, 2) && uint8(at + 1) == 4;
        if (!has(at, 8 + 20 + 8) || uint8(at) != type || tooBig) {
            return Kind.OTHER;
        }
        reporterHigh = sourceHigh;
        reporterLow = sourceLow;
        unreachableCode = version | uint8(at + 1);
        int quoted = at + 8;
        int segment;
        if (uint8(quoted) >> 4 == 4 && uint8(quoted + 9) == PROTOCOL_TCP) {
            sourceHigh = IPV4_MARK;
            sourceLow = Integer.toUnsignedLong(bytes.getInt(quoted + 12));
            targetHigh = IPV4_MARK;
            targetLow = Integer.toUnsignedLong(bytes.getInt(quoted + 16));
            segment = quoted + (uint8(quoted) & 15) * 4;
        } else if (uint8(quoted) >> 4 == 6
                && has(quoted, 48)
                && uint8(quoted + 6) == PROTOCOL_TCP) {
            sourceHigh = bytes.getLong(quoted + 8);
            sourceLow = bytes.getLong(quoted + 16);
            targetHigh = bytes.getLong(quoted + 24);
            targetLow = bytes.getLong(quoted + 32);
            segment = quoted + 40;
        } else {
            return Kind.OTHER;
        }
        if (!has(segment, 8)) {
            return Kind.OTHER;
        }
        ports = bytes.getInt(segment);
        sequence = bytes.getInt(segment + 4);
        acknowledged = 0;
        flags = UNDELIVERED;
        headerBytes = 0;
        payloadBytes = 0;
        payloadAt = end;
        return Kind.UNREACHABLE;
    }

    private Kind gre(int start) {
        if (!has(start, 4) || ++layers > MOST_LAYERS) {
            return Kind.OTHER;
        }
        int flagBits = uint16(start);
        int type = uint16(start + 2);
        int at = start + 4;
        boolean routing = (flagBits & 0x4000) != 0;
        if ((flagBits & 0x8000) != 0 || routing) {
            at += 4;
        }
        if ((flagBits & 0x2000) != 0) {
            at += 4;
        }
        boolean sequenced = (flagBits & 0x1000) != 0;
        if (sequenced) {
            at += 4;
        }
        if ((flagBits & 0x0080) != 0) {
            at += 4;
        }
        return switch (type) {
            case 0x880b -> ppp(at);
            case 0x88be -> sequenced ? ethernet(at + 8) : ethernet(at);
            case 0x22eb -> ethernet(at + 12);
            case 0x883e -> has(at, 4) && uint8(at) >> 4 == 4 ? ip(at) : wccp(at);
            case 0x9000 -> wireless(at);
            default -> aruba(type) ? wireless(at) : etherType(at, type);
        };
    }

    /// Aruba's controllers send captured 802.11 frames in GRE of these types.
    private static boolean aruba(int type) {
        return type >= 0x8200 && type <= 0x8210;
    }

    /// WCCP version 2 puts four bytes before the packet.
    private Kind wccp(int at) {
        return ip(at + 4);
    }

    private Kind udp(int at) {
        if (!has(at, 8)) {
            return Kind.OTHER;
        }
        int from = uint16(at);
        int to = uint16(at + 2);
        int body = at + 8;
        if (++layers > MOST_LAYERS) {
            return Kind.OTHER;
        }
        if (to == 4789 || from == 4789 || to == 8472) {
            return has(body, 8) && (uint8(body) & 0x08) != 0 ? ethernet(body + 8) : Kind.OTHER;
        }
        if (to == 6081 || from == 6081) {
            return has(body, 8)
                    ? etherType(body + 8 + 4 * (uint8(body) & 0x3f), uint16(body + 2))
                    : Kind.OTHER;
        }
        if (to == 3544 || from == 3544) {
            return teredo(body);
        }
        if (to == 2152 || from == 2152) {
            return gtp(body);
        }
        if (to == 6635) {
            return mpls(body);
        }
        return to == 4754 ? gre(body) : Kind.OTHER;
    }

    /// RFC 4380, 5.1.1: an authentication and an origin indication may come before the packet.
    private Kind teredo(int start) {
        int at = start;
        if (has(at, 4) && uint16(at) == 0x0001) {
            at += 13 + uint8(at + 2) + uint8(at + 3);
        }
        if (has(at, 8) && uint16(at) == 0x0000) {
            at += 8;
        }
        return has(at, 40) && uint8(at) >> 4 == 6 ? ip(at) : Kind.OTHER;
    }

    /// 3GPP TS 29.281, 5.1: user data in a G-PDU.
    private Kind gtp(int start) {
        if (!has(start, 8) || uint8(start + 1) != 0xff) {
            return Kind.OTHER;
        }
        int flagBits = uint8(start);
        int at = start + 8;
        if ((flagBits & 7) != 0) {
            int extension = has(at, 4) ? uint8(at + 3) : 0;
            at += 4;
            while ((flagBits & 4) != 0 && extension != 0 && has(at, 4)) {
                int size = 4 * uint8(at);
                if (size == 0) {
                    return Kind.OTHER;
                }
                extension = has(at, size) ? uint8(at + size - 1) : 0;
                at += size;
            }
        }
        return ip(at);
    }

    private Kind tcp(int at, int packetEnd) {
        if (!has(at, 14)) {
            return Kind.OTHER;
        }
        ports = bytes.getInt(at);
        sequence = bytes.getInt(at + 4);
        acknowledged = bytes.getInt(at + 8);
        int lengthAndFlags = uint16(at + 12);
        headerBytes = (lengthAndFlags >> 12) * 4;
        flags = lengthAndFlags & TCP_FLAGS;
        headerAt = at;
        payloadAt = Math.min(end, at + Math.max(20, headerBytes));
        payloadBytes = Math.max(0, packetEnd - at - Math.max(20, headerBytes));
        return Kind.TCP;
    }

    /// Reads what only a close look at the segment needs: the window, the time stamp and the size
    /// of segments. To be called while its frame is there.
    void lookClosely() {
        window = has(headerAt, 16) ? uint16(headerAt + 14) : 0;
        hasTimestamp = false;
        segmentSize = 0;
        if (headerBytes > 20) {
            options(headerAt + 20, Math.min(end, headerAt + headerBytes));
        }
    }

    /// Where the captured payload ends.
    int payloadEnd() {
        return Math.min(end, payloadAt + payloadBytes);
    }

    private void options(int start, int limit) {
        int at = start;
        while (at + 4 <= limit) {
            int kind = uint8(at);
            if (kind == 8 && at + 10 <= limit) {
                tsValue = bytes.getInt(at + 2);
                hasTimestamp = true;
            } else if (kind == 2 && (flags & SYN) != 0) {
                segmentSize = uint16(at + 2);
            } else if (kind == 0) {
                return;
            }
            int size = kind == 1 ? 1 : uint8(at + 1);
            if (size < 1) {
                return;
            }
            at += size;
        }
    }

    private boolean has(int at, int count) {
        return at + count <= end;
    }

    private int uint8(int at) {
        return Byte.toUnsignedInt(bytes.get(at));
    }

    private int uint16(int at) {
        return Short.toUnsignedInt(bytes.getShort(at));
    }
}
