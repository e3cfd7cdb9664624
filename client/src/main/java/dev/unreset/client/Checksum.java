package dev.unreset.client;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A digest that content must have.
///
/// @param algorithm as Java names it, for example `SHA-256`
/// @param hex lower case
public record Checksum(String algorithm, String hex) {

    private static final Map<String, String> ALGORITHMS =
            Map.of(
                    "md5", "MD5",
                    "sha1", "SHA-1",
                    "sha-1", "SHA-1",
                    "sha256", "SHA-256",
                    "sha-256", "SHA-256",
                    "sha384", "SHA-384",
                    "sha512", "SHA-512",
                    "sha-512", "SHA-512");

    public Checksum {
        hex = hex.toLowerCase(Locale.ROOT);
        int expected = 2 * digest(algorithm).getDigestLength();
        if (hex.length() != expected || !hex.chars().allMatch(HexFormat::isHexDigit)) {
            throw new IllegalArgumentException(
                    "checksum: '"
                            + hex
                            + "' (expected: "
                            + expected
                            + " hexadecimal digits for "
                            + algorithm
                            + ")");
        }
    }

    /// Reads `sha256:HEX`; the algorithms are md5, sha1, sha256, sha384 and sha512.
    ///
    /// @throws IllegalArgumentException if it is none
    public static Checksum parse(String text) {
        int colon = text.indexOf(':');
        String algorithm = javaName(text.substring(0, Math.max(0, colon)));
        if (algorithm == null) {
            throw new IllegalArgumentException(
                    "checksum: '"
                            + text
                            + "' (expected: ALGORITHM:HEX with md5, sha1, sha256, sha384 or sha512)");
        }
        return new Checksum(algorithm, text.substring(colon + 1).strip());
    }

    /// An algorithm's name in HTTP digest fields, for example `sha-256`, as Java names it; null if
    /// unknown.
    static @Nullable String javaName(String httpName) {
        return ALGORITHMS.get(httpName.toLowerCase(Locale.ROOT));
    }

    static MessageDigest digest(String algorithm) {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalArgumentException("checksum: unknown algorithm " + algorithm, e);
        }
    }

    @Override
    public String toString() {
        return algorithm + ":" + hex;
    }
}
