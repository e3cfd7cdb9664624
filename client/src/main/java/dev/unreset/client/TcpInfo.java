package dev.unreset.client;

import io.netty.channel.Channel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.unix.RawUnixChannelOption;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/// What Linux knows of a TCP connection (`struct tcp_info`, include/uapi/linux/tcp.h).
///
/// ```
/// offset   0  u8   tcpi_state
/// offset 120  u64  tcpi_bytes_acked   counts the SYN as one
/// ```
///
/// @param state 1 established, 7 closed, 8 close-wait (include/net/tcp_states.h)
/// @param bytesAcked bytes that the peer's kernel has acknowledged since the connection began
record TcpInfo(int state, long bytesAcked) {

    private static final int ESTABLISHED = 1;
    private static final int IPPROTO_TCP = 6;
    private static final int TCP_INFO = 11;
    private static final int LENGTH = 232;
    private static final int BYTES_ACKED = 120;
    private static final RawUnixChannelOption OPTION =
            new RawUnixChannelOption("TCP_INFO", IPPROTO_TCP, TCP_INFO, LENGTH);

    /// Reads it from an open channel; empty on transports that cannot, and once the socket is
    /// closed.
    static Optional<TcpInfo> read(Channel channel) {
        if (!(channel instanceof EpollSocketChannel) || !channel.isOpen()) {
            return Optional.empty();
        }
        ByteBuffer raw = channel.config().getOption(OPTION);
        if (raw == null || raw.remaining() < BYTES_ACKED + Long.BYTES) {
            return Optional.empty();
        }
        raw.order(ByteOrder.nativeOrder());
        int start = raw.position();
        long acked = raw.getLong(start + BYTES_ACKED);
        return Optional.of(new TcpInfo(raw.get(start), Math.max(0, acked - 1)));
    }

    boolean established() {
        return state == ESTABLISHED;
    }
}
