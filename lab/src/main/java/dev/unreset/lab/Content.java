package dev.unreset.lab;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;

/// The bytes that the lab serves: the same at every run, and different at every offset.
///
/// They repeat after a prime number of bytes, so that a piece written to a wrong place is found
/// out, unless it is misplaced by a multiple of that prime. A version is the same sequence begun
/// elsewhere.
public final class Content {

    /// The period of the sequence: the largest prime below 16 MiB.
    private static final int PERIOD = 16_777_213;

    /// How far apart two versions begin.
    private static final long VERSION_STEP = 7_919_993;

    private static final ByteBuffer TABLE = table();

    private static final Map<String, byte[]> DIGESTS = new ConcurrentHashMap<>();

    private Content() {}

    private static ByteBuffer table() {
        byte[] bytes = new byte[PERIOD];
        new SplittableRandom(0x756e7265736574L).nextBytes(bytes);
        return ByteBuffer.allocateDirect(PERIOD).put(bytes).flip().asReadOnlyBuffer();
    }

    /// Bytes of `version` from `offset` on: at least one, at most `most`.
    public static ByteBuffer slice(int version, long offset, long most) {
        int start = (int) ((offset + version * VERSION_STEP) % PERIOD);
        return TABLE.slice(start, (int) Math.min(most, PERIOD - start));
    }

    /// The byte of `version` at `offset`.
    public static byte at(int version, long offset) {
        return slice(version, offset, 1).get(0);
    }

    /// SHA-256 of the first `length` bytes of `version`.
    public static byte[] sha256(int version, long length) {
        return DIGESTS.computeIfAbsent(
                        version + ":" + length,
                        key -> {
                            MessageDigest digest = newSha256();
                            for (long at = 0; at < length; ) {
                                ByteBuffer slice = slice(version, at, length - at);
                                at += slice.remaining();
                                digest.update(slice);
                            }
                            return digest.digest();
                        })
                .clone();
    }

    static MessageDigest newSha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
