package dev.unreset.client;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Proves content by its digests while it is being received: reads back, in order, what is already
/// there.
///
/// One thread runs [#follow]; the others only ask for the result after it ended.
final class Proof {

    /// `sha-256=:BASE64:` of a structured dictionary (RFC 9530, 3), or `SHA-256=BASE64` of its
    /// predecessor (RFC 3230).
    private static final Pattern ENTRY =
            Pattern.compile("\\s*([\\w-]+)\\s*=\\s*:?([A-Za-z0-9+/=]+):?\\s*");

    private final List<Checksum> expected;
    private final Map<String, MessageDigest> digests = new LinkedHashMap<>();
    private final Map<String, byte[]> results = new LinkedHashMap<>();

    /// Where bytes are read back from.
    interface Source {
        /// Gives `reader` some of the bytes from `from` to `to`, beginning with the first; returns
        /// how many.
        int read(long from, long to, Consumer<ByteBuffer> reader) throws IOException;
    }

    /// @param alsoSha256 whether SHA-256 is wanted even if nothing expects it
    Proof(List<Checksum> expected, boolean alsoSha256) {
        this.expected = List.copyOf(expected);
        expected.forEach(each -> digests.computeIfAbsent(each.algorithm(), Checksum::digest));
        if (alsoSha256) {
            digests.computeIfAbsent("SHA-256", Checksum::digest);
        }
    }

    /// The digests that a response offers for the whole representation. `Content-MD5` (RFC 2616,
    /// 14.15) covers the message, so it counts only where the message is the whole.
    static List<Checksum> offered(Headers headers, boolean whole) {
        List<Checksum> offered = new ArrayList<>();
        for (String field : List.of("Repr-Digest", "Digest")) {
            headers.first(field).ifPresent(value -> entries(value, offered));
        }
        if (whole) {
            headers.first("Content-MD5")
                    .ifPresent(value -> checksum("md5", value).ifPresent(offered::add));
        }
        return offered;
    }

    private static void entries(String field, List<Checksum> into) {
        for (String entry : field.split(",", -1)) {
            Matcher matcher = ENTRY.matcher(entry);
            if (matcher.matches()) {
                checksum(matcher.group(1), matcher.group(2)).ifPresent(into::add);
            }
        }
    }

    private static Optional<Checksum> checksum(String httpName, String base64) {
        String algorithm = Checksum.javaName(httpName);
        if (algorithm == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(
                    new Checksum(
                            algorithm,
                            HexFormat.of().formatHex(Base64.getDecoder().decode(base64.strip()))));
        } catch (IllegalArgumentException malformed) {
            // A field that cannot be read proves nothing (RFC 9530, section 2: it is ignored).
            return Optional.empty();
        }
    }

    boolean isNeeded() {
        return !digests.isEmpty();
    }

    /// Digests `source` from its first byte on, as far as `waiter` says that it is there.
    void follow(Source source, Waiter waiter) throws IOException, InterruptedException {
        long at = 0;
        for (long ready = waiter.awaitMore(at); ready > at; ready = waiter.awaitMore(at)) {
            while (at < ready) {
                at += source.read(at, ready, this::update);
            }
        }
        end();
    }

    /// Digests the next bytes.
    void update(ByteBuffer bytes) {
        digests.values().forEach(digest -> digest.update(bytes.duplicate()));
    }

    /// No more bytes come.
    void end() {
        digests.forEach((algorithm, digest) -> results.put(algorithm, digest.digest()));
    }

    /// Waits for bytes.
    interface Waiter {
        /// How many bytes are there, once those are more than `at`; `at` if the content ends there.
        long awaitMore(long at) throws InterruptedException;
    }

    /// What does not agree with what was expected, in one line; empty if all does.
    Optional<String> contradiction() {
        for (Checksum each : expected) {
            String actual = hex(each.algorithm());
            if (actual != null && !actual.equals(each.hex())) {
                return Optional.of(
                        "its "
                                + each.algorithm()
                                + " is "
                                + actual
                                + " (expected: "
                                + each.hex()
                                + ")");
            }
        }
        return Optional.empty();
    }

    Optional<String> sha256() {
        return Optional.ofNullable(hex("SHA-256"));
    }

    private @Nullable String hex(String algorithm) {
        byte[] digest = results.get(algorithm);
        return digest == null ? null : HexFormat.of().formatHex(digest);
    }
}
