package dev.unreset.client;

import dev.unreset.Attempt;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// The body of a response, continued on another connection when its own breaks.
///
/// A body is continued if the request is a GET whose response has a strong validator: the rest is
/// asked for by `Range` and `If-Range`, and joined only if the answer is of the same version and
/// starts at the right byte (RFC 9110, 13.1.5 and 14.4).
final class ResumingBody extends ResponseBody {

    private final Exchange exchange;
    private final Optional<Validator> validator;

    /// Where the body begins in its representation: not at 0 if the caller asked for a range.
    private final long base;

    /// The last byte that the caller asked for; empty: up to the end.
    private final OptionalLong last;

    private volatile Exchange.Running running;
    private long position;
    private long toSkip;
    private long receivedByThisAttempt;
    private boolean ended;

    ResumingBody(Exchange exchange, Exchange.Running running) {
        this.exchange = exchange;
        this.running = running;
        Headers headers = running.head().headers();
        Optional<ContentRange> range =
                running.head().status() == 206 ? ContentRange.of(headers) : Optional.empty();
        this.base = range.map(ContentRange::first).orElse(0L);
        this.last = range.map(known -> OptionalLong.of(known.last())).orElse(OptionalLong.empty());
        boolean resumable =
                exchange.request().resume()
                        && exchange.request().method().equals("GET")
                        && (running.head().status() == 200 || range.isPresent());
        this.validator = resumable ? Validator.strong(headers) : Optional.empty();
    }

    @Override
    public @Nullable ByteBuffer next() throws IOException {
        while (!ended) {
            try {
                ByteBuffer bytes = running.next();
                if (bytes == null) {
                    ended = true;
                    running.finish();
                    return null;
                }
                skip(bytes);
                if (bytes.hasRemaining()) {
                    receivedByThisAttempt += bytes.remaining();
                    position += bytes.remaining();
                    return bytes;
                }
            } catch (WireBroken failure) {
                ended = true;
                exchange.bodyBroke(running, failure);
                resume(failure);
                ended = false;
            } catch (InterruptedException e) {
                throw interrupted(e);
            }
        }
        return null;
    }

    private void skip(ByteBuffer bytes) {
        int skipped = (int) Math.min(toSkip, bytes.remaining());
        bytes.position(bytes.position() + skipped);
        toSkip -= skipped;
    }

    private void resume(WireBroken failure) throws IOException {
        if (validator.isEmpty()) {
            throw exchange.asFailure(failure);
        }
        long from = base + position;
        String range = "bytes=" + from + "-" + (last.isPresent() ? last.getAsLong() : "");
        try {
            running = exchange.resume(failure, receivedByThisAttempt > 0, range, validator.get());
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
        receivedByThisAttempt = 0;
        if (!continues(running.head(), from)) {
            running.abandon();
            throw exchange.asFailure(failure);
        }
    }

    /// Whether the new response goes on where the body stopped. A 200 of the same version does too,
    /// once what is already known has been skipped.
    private boolean continues(WireExchange.Head head, long from) {
        if (validator.isEmpty() || !validator.get().matches(head.headers())) {
            return false;
        }
        if (head.status() == 200 && last.isEmpty()) {
            toSkip = from;
            return true;
        }
        return head.status() == 206
                && ContentRange.of(head.headers())
                        .filter(range -> range.first() == from)
                        .isPresent();
    }

    private InterruptedIOException interrupted(InterruptedException e) {
        close();
        Thread.currentThread().interrupt();
        InterruptedIOException thrown =
                new InterruptedIOException("interrupted while reading the response body");
        thrown.initCause(e);
        return thrown;
    }

    @Override
    void offer(ByteBuffer memory) {
        running.onWire().offer(memory);
    }

    @Override
    boolean isInPlace() {
        return running.onWire().isInPlace();
    }

    @Override
    void withdraw() {
        running.onWire().withdraw();
    }

    /// Every attempt so far.
    List<Attempt> attempts() {
        return exchange.attemptsWith(running);
    }

    /// Cuts the connection off, from any thread.
    void abort() {
        running.cutOff();
    }

    @Override
    public void close() {
        if (!ended) {
            ended = true;
            running.abandon();
        }
    }
}
