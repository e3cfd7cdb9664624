package dev.unreset.client;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.util.UncheckedBooleanSupplier;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Where one connection puts what it receives: into memory that the reader of a body offered, else
/// into buffers of its own.
///
/// With that, the only copy of a byte on its way from the socket to the disk is the kernel's. Used
/// on the connection's event loop.
@SuppressWarnings("deprecation") // Netty deprecates the interface for a class that has no such hook
final class Landing extends AdaptiveRecvByteBufAllocator {

    private static final int LEAST_READ = 4 << 10;
    private static final int FIRST_READ = 64 << 10;

    /// Reads of up to this many bytes keep the cost of a large body low.
    static final int MOST_READ = 256 << 10;

    private volatile @Nullable ExchangeHandler exchanges;

    Landing() {
        super(LEAST_READ, FIRST_READ, MOST_READ);
    }

    /// From now on, the running exchange is asked where bytes are to go. Only for a connection
    /// whose bytes are those of HTTP: not where TLS comes in between.
    void serve(ExchangeHandler handler) {
        exchanges = handler;
    }

    private Optional<WireExchange> running() {
        ExchangeHandler handler = exchanges;
        return handler == null ? Optional.empty() : handler.running();
    }

    @Override
    public Handle newHandle() {
        return new Site((ExtendedHandle) super.newHandle());
    }

    private final class Site extends RecvByteBufAllocator.DelegatingHandle
            implements RecvByteBufAllocator.ExtendedHandle {

        private final ExtendedHandle usual;

        Site(ExtendedHandle usual) {
            super(usual);
            this.usual = usual;
        }

        @Override
        public ByteBuf allocate(ByteBufAllocator allocator) {
            return running().flatMap(WireExchange::land).orElseGet(() -> usual.allocate(allocator));
        }

        @Override
        public void lastBytesRead(int bytes) {
            running().ifPresent(WireExchange::landed);
            usual.lastBytesRead(bytes);
        }

        @Override
        public void readComplete() {
            running().ifPresent(WireExchange::landed);
            usual.readComplete();
        }

        @Override
        public boolean continueReading(UncheckedBooleanSupplier mayBeMore) {
            return usual.continueReading(mayBeMore);
        }
    }
}
