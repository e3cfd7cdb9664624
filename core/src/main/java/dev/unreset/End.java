package dev.unreset;

/// How the end of a connection, or of one stream on it, was seen.
public sealed interface End {

    /// The word used in output and JSON: `fin`, `rst`, `epipe`, and so on.
    String label();

    /// Nothing ended: the exchange completed and the connection can be used again.
    record Open() implements End {
        @Override
        public String label() {
            return "open";
        }
    }

    /// There never was a connection: resolution or connect failed.
    record NotConnected() implements End {
        @Override
        public String label() {
            return "not-connected";
        }
    }

    /// The peer closed in order (TCP FIN), without TLS close_notify where TLS was in use.
    record Fin() implements End {
        @Override
        public String label() {
            return "fin";
        }
    }

    /// A TCP RST was received (ECONNRESET).
    record Rst() implements End {
        @Override
        public String label() {
            return "rst";
        }
    }

    /// A write met a connection that was already reset (EPIPE).
    record Epipe() implements End {
        @Override
        public String label() {
            return "epipe";
        }
    }

    /// The peer ended TLS in order (RFC 8446, 6.1).
    record CloseNotify() implements End {
        @Override
        public String label() {
            return "close_notify";
        }
    }

    /// HTTP/2 GOAWAY (RFC 9113, 6.8). `lastStreamId` is the last stream that may have been
    /// processed.
    record GoAway(long lastStreamId, long errorCode) implements End {
        @Override
        public String label() {
            return "goaway";
        }
    }

    /// HTTP/2 RST_STREAM (RFC 9113, 6.4).
    record RstStream(long errorCode) implements End {
        @Override
        public String label() {
            return "rst_stream";
        }
    }

    /// No end came in the time allowed; this side gave up.
    record Timeout() implements End {
        @Override
        public String label() {
            return "timeout";
        }
    }

    /// This side closed: cancelled, bad response, or not needed any more.
    record Local() implements End {
        @Override
        public String label() {
            return "local";
        }
    }
}
