package dev.unreset.capture;

/// Link types as capture files number them (https://www.tcpdump.org/linktypes.html).
final class LinkTypes {

    static final int NULL = 0;
    static final int ETHERNET = 1;
    static final int TOKEN_RING = 6;
    static final int SLIP = 8;
    static final int PPP = 9;
    static final int FDDI = 10;
    static final int RAW_12 = 12;
    static final int RAW_14 = 14;
    static final int PPP_HDLC = 50;
    static final int PPP_ETHER = 51;
    static final int ATM_RFC1483 = 100;
    static final int RAW = 101;
    static final int CISCO_HDLC = 104;
    static final int IEEE802_11 = 105;
    static final int ATM_CLIP = 106;
    static final int FRAME_RELAY = 107;
    static final int LOOP = 108;
    static final int LINUX_SLL = 113;
    static final int PRISM = 119;
    static final int IP_OVER_FC = 122;
    static final int RADIOTAP = 127;
    static final int ARCNET_LINUX = 129;
    static final int JUNIPER_ETHERNET = 178;
    static final int PPI = 192;
    static final int IPNET = 226;
    static final int IPV4 = 228;
    static final int IPV6 = 229;
    static final int NFLOG = 239;
    static final int NETANALYZER = 240;
    static final int IPOIB = 242;
    static final int PKTAP = 258;
    static final int LINUX_SLL2 = 276;

    private LinkTypes() {}

    /// Bytes before the Ethernet header.
    static int before(int linkType) {
        return linkType == NETANALYZER ? 4 : 0;
    }

    /// Whether frames of this type are of something that never carries IP, such as USB or CAN.
    static boolean carriesNoIp(int linkType) {
        return switch (linkType) {
            // 802.15.4, USB, Bluetooth, CAN, D-Bus, vsock, netlink, systemd journal, Zigbee.
            case 117,
                    180,
                    186,
                    187,
                    189,
                    190,
                    195,
                    201,
                    215,
                    220,
                    227,
                    230,
                    231,
                    245,
                    249,
                    251,
                    253,
                    254,
                    271,
                    272,
                    273,
                    283 ->
                    true;
            default -> false;
        };
    }
}
