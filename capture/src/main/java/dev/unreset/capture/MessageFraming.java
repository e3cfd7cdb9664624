package dev.unreset.capture;

/// The framing of protocols whose messages begin with their length: TLS records, databases, and
/// queues.
final class MessageFraming {

    private static final int LONGEST_INLINE = 64 << 10;

    /// A property of MQTT 5, 2.2.2.2.
    private static final int SERVER_KEEP_ALIVE = 0x13;

    /// The same: a name and a value.
    private static final int USER_PROPERTY = 0x26;

    private MessageFraming() {}

    /// RFC 8446, 5.1: type, version 3.x, length; at most 2^14 + 2,048 bytes (RFC 5246, 6.2.3; TLS
    /// 1.3 allows fewer).
    static Framing.Verdict tlsRecords(Payload sent) {
        int at = 0;
        while (at + 5 <= sent.size()) {
            if (sent.at(at) < 20 || sent.at(at) > 24 || sent.at(at + 1) != 3) {
                return Framing.violation(at, "what should be a TLS record is none");
            }
            int length = sent.at(at + 3) << 8 | sent.at(at + 4);
            if (length > (1 << 14) + 2048) {
                return Framing.violation(at + 3, "a TLS record of " + length + " bytes");
            }
            at += 5 + length;
        }
        return new Framing.Verdict.WellFormed("TLS");
    }

    /// RESP: an array of bulk strings, or an inline command.
    static Framing.Verdict redis(Payload sent, boolean whole) {
        String text = sent.text();
        int at = 0;
        while (at < text.length()) {
            int end = text.indexOf("\r\n", at);
            if (end < 0) {
                return text.length() - at > LONGEST_INLINE
                        ? Framing.violation(at, "an inline command of more than 64 KiB")
                        : Framing.UNKNOWN;
            }
            if (text.charAt(at) != '*') {
                // GET is a command of Redis, too.
                if (text.substring(at, end).matches("[A-Z]+ \\S+ HTTP/1\\.[01]")) {
                    return Framing.violation(at, "HTTP on a port for Redis");
                }
                at = end + 2;
                continue;
            }
            String count = text.substring(at + 1, end);
            if (!count.matches("-?\\d{1,7}")) {
                return Framing.violation(at, "an array length that is no number");
            }
            at = end + 2;
            for (int i = 0; i < Integer.parseInt(count) && at < text.length(); i++) {
                int line = text.indexOf("\r\n", at);
                if (text.charAt(at) != '$') {
                    return Framing.violation(at, "no bulk string where one is due");
                }
                if (line < 0) {
                    return Framing.UNKNOWN;
                }
                String size = text.substring(at + 1, line);
                if (!size.matches("\\d{1,9}")) {
                    return Framing.violation(at, "a bulk length that is no number");
                }
                at = (int) Math.min(text.length() + 1L, line + 2L + Long.parseLong(size) + 2);
            }
        }
        return at == text.length() && whole
                ? new Framing.Verdict.WellFormed("RESP")
                : Framing.UNKNOWN;
    }

    /// Perhaps requests for encryption; a startup message without a type; then messages of a type
    /// and a length.
    static Framing.Verdict postgres(Payload sent) {
        int at = 0;
        boolean started = false;
        while (!started) {
            if (at + 8 > sent.size()) {
                return at > 0 && at >= sent.size()
                        ? new Framing.Verdict.WellFormed("PostgreSQL")
                        : Framing.UNKNOWN;
            }
            if (at > 0 && Framing.isTls(sent, at)) {
                return new Framing.Verdict.WellFormed("PostgreSQL");
            }
            long length = sent.uint32(at);
            if (length < 8 || length > 10_000) {
                return Framing.violation(at, "a startup packet that claims " + length + " bytes");
            }
            long code = sent.uint32(at + 4);
            started = code != Protocol.SSL_REQUEST && code != Protocol.GSS_REQUEST;
            at += (int) length;
        }
        return postgresMessages(sent, at);
    }

    static Framing.Verdict postgresMessages(Payload sent, int start) {
        int at = start;
        while (at + 5 <= sent.size()) {
            if (sent.at(at) < 'A' || sent.at(at) > 'z') {
                return Framing.violation(at, "message type 0x" + Framing.hex(sent.at(at)));
            }
            long size = sent.uint32(at + 1);
            if (size < 4 || size > 1 << 30) {
                return Framing.violation(at + 1, "a message that claims " + size + " bytes");
            }
            at = (int) Math.min(Integer.MAX_VALUE, at + 1L + size);
        }
        return new Framing.Verdict.WellFormed("PostgreSQL");
    }

    /// Three bytes of length, a sequence number.
    static Framing.Verdict mysql(Payload sent) {
        int at = 0;
        while (at + 4 <= sent.size()) {
            int length = sent.at(at) | sent.at(at + 1) << 8 | sent.at(at + 2) << 16;
            if (at == 0 && (sent.at(3) > 3 || length > 1 << 16)) {
                return Framing.violation(
                        0, "a first packet of " + length + " bytes with number " + sent.at(3));
            }
            at += 4 + length;
        }
        return new Framing.Verdict.WellFormed("MySQL");
    }

    /// MQTT 5.0, 3.1: CONNECT comes first, and once.
    static Framing.Verdict mqtt(Payload sent) {
        int at = 0;
        while (at + 2 <= sent.size()) {
            int type = sent.at(at) >> 4;
            if ((at == 0 && type != 1) || type == 0) {
                return Framing.violation(
                        at, at == 0 ? "no CONNECT at the beginning" : "packet type 0");
            }
            if (at > 0 && type == 1) {
                return Framing.violation(at, "a second CONNECT");
            }
            int flags = sent.at(at) & 15;
            int due = type == 6 || type == 8 || type == 10 ? 2 : 0;
            if (type != 3 && flags != due) {
                return Framing.violation(
                        at, "reserved flags 0x" + Framing.hex(flags) + " of packet type " + type);
            }
            Count length = Count.at(sent, at + 1);
            if (length.isTooLong()) {
                return Framing.violation(at + 1, "a length of more than four bytes");
            }
            at = length.end() + length.value();
        }
        return new Framing.Verdict.WellFormed("MQTT");
    }

    /// The keep-alive time in seconds that a CONNECT names, behind the protocol's name, level and
    /// flags (MQTT 3.1.1, 3.1.2); 0 if it names none, or was not captured, or the server may have
    /// named another (MQTT 5, 3.2.2.3.14).
    ///
    /// @param answer what the server said to it
    static int mqttKeepAlive(Payload connect, Payload answer) {
        if (connect.size() < 2 || connect.at(0) != 0x10) {
            return 0;
        }
        int name = Count.at(connect, 1).end();
        if (name + 2 > connect.size()) {
            return 0;
        }
        int keepAlive = name + 2 + (connect.at(name) << 8 | connect.at(name + 1)) + 2;
        return keepAlive + 2 > connect.size() || namesKeepAlive(answer)
                ? 0
                : connect.at(keepAlive) << 8 | connect.at(keepAlive + 1);
    }

    /// Whether a CONNACK names a Server Keep Alive among its properties (MQTT 5.0, 3.2.2), which
    /// follow its flags and reason, or may: one that was not captured, or that is not known, hides
    /// those behind it.
    private static boolean namesKeepAlive(Payload connack) {
        if (connack.size() < 2 || connack.at(0) != 0x20) {
            return false;
        }
        Count body = Count.at(connack, 1);
        int flags = body.end();
        if (body.value() <= 2) {
            // Before MQTT 5 it has no properties.
            return false;
        }
        Count properties = Count.at(connack, flags + 2);
        int at = properties.end();
        if (at == flags + 2) {
            return true;
        }
        int end = at + properties.value();
        while (at < end) {
            int size = at < connack.size() ? propertySize(connack, at) : 0;
            if (size == 0 || connack.at(at) == SERVER_KEEP_ALIVE) {
                return true;
            }
            at += size;
        }
        return false;
    }

    /// How many bytes a property of a CONNACK has, with its identifier (MQTT 5.0, 2.2.2.2); 0 if
    /// that is not known.
    private static int propertySize(Payload connack, int at) {
        return switch (connack.at(at)) {
            case 0x24, 0x25, 0x28, 0x29, 0x2a -> 2;
            case 0x21, 0x22, SERVER_KEEP_ALIVE -> 3;
            case 0x11, 0x27 -> 5;
            // Text, and data.
            case 0x12, 0x15, 0x16, 0x1a, 0x1c, 0x1f -> 1 + textSize(connack, at + 1);
            case USER_PROPERTY -> {
                int name = textSize(connack, at + 1);
                yield 1 + name + textSize(connack, at + 1 + name);
            }
            default -> 0;
        };
    }

    /// Of a text or data, with the two bytes that tell how long it is, as far as captured.
    private static int textSize(Payload connack, int at) {
        return at + 2 > connack.size() ? 2 : 2 + (connack.at(at) << 8 | connack.at(at + 1));
    }

    /// A number of MQTT in one to four bytes, the least first (MQTT 5.0, 1.5.5: Variable Byte
    /// Integer), as far as captured.
    ///
    /// @param end the index after it
    private record Count(int value, int end, boolean isTooLong) {

        static Count at(Payload sent, int at) {
            int value = 0;
            int next = at;
            while (next < sent.size() && next < at + 4) {
                value |= (sent.at(next) & 127) << (7 * (next - at));
                if ((sent.at(next++) & 128) == 0) {
                    return new Count(value, next, false);
                }
            }
            return new Count(value, next, next == at + 4);
        }
    }

    static Framing.Verdict amqp(Payload sent) {
        if (!sent.startsWith("AMQP")) {
            return Framing.violation(0, "no AMQP header at the beginning");
        }
        if (sent.size() > 8 && sent.at(4) == 0 && sent.at(5) == 0) {
            int at = 8;
            while (at + 8 <= sent.size()) {
                long length = sent.uint32(at + 3);
                if (sent.at(at) == 0 || sent.at(at) > 8 || length > 1 << 27) {
                    return Framing.violation(at, "what should be an AMQP frame is none");
                }
                long end = at + 7 + length;
                if (end < sent.size() && sent.at((int) end) != 0xce) {
                    return Framing.violation((int) end, "an AMQP frame without its end octet");
                }
                at = (int) Math.min(Integer.MAX_VALUE, end + 1);
            }
        }
        return new Framing.Verdict.WellFormed("AMQP");
    }

    static Framing.Verdict kafka(Payload sent) {
        int at = 0;
        while (at + 6 <= sent.size()) {
            long length = sent.uint32(at);
            if (length < 8 || length > 100 << 20) {
                return Framing.violation(at, "a request that claims " + length + " bytes");
            }
            if ((sent.at(at + 4) << 8 | sent.at(at + 5)) > 200) {
                return Framing.violation(at + 4, "an API key that does not exist");
            }
            at = (int) Math.min(Integer.MAX_VALUE, at + 4L + length);
        }
        return new Framing.Verdict.WellFormed("Kafka");
    }
}
