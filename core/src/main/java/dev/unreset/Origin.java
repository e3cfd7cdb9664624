package dev.unreset;

import java.net.URI;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Where requests go: scheme, host and port (RFC 6454, section 4).
///
/// `scheme` is lower case; `host` is lower case and an IPv6 address has no brackets; `port` is 1 to
/// 65535.
public record Origin(String scheme, String host, int port) {

    public Origin {
        if (scheme.isEmpty()) {
            throw new IllegalArgumentException("scheme: empty (expected: http or https)");
        }
        if (host.isEmpty()) {
            throw new IllegalArgumentException("host: empty");
        }
        if (port < 1 || port > 65535) {
            throw new IllegalArgumentException("port: " + port + " (expected: 1 to 65535)");
        }
        scheme = scheme.toLowerCase(Locale.ROOT);
        host = withoutBrackets(host).toLowerCase(Locale.ROOT);
    }

    /// The origin of an absolute `http` or `https` URI, with the scheme's default port filled in.
    ///
    /// @throws IllegalArgumentException if the URI has another scheme or no host
    public static Origin of(URI uri) {
        String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
        int defaultPort =
                switch (scheme) {
                    case "http" -> 80;
                    case "https" -> 443;
                    default ->
                            throw new IllegalArgumentException(
                                    "scheme of "
                                            + uri
                                            + ": '"
                                            + scheme
                                            + "' (expected: http or https)");
                };
        if (uri.getHost() == null) {
            throw new IllegalArgumentException("host of " + uri + ": missing");
        }
        return new Origin(scheme, uri.getHost(), uri.getPort() == -1 ? defaultPort : uri.getPort());
    }

    public boolean isTls() {
        return scheme.equals("https");
    }

    /// `host:port`, with brackets around an IPv6 address.
    public String authority() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }

    // Written out: what the compiler generates is linked at the first use, for 10 ms of each start.
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Origin that
                && port == that.port
                && host.equals(that.host)
                && scheme.equals(that.scheme);
    }

    @Override
    public int hashCode() {
        return (scheme.hashCode() * 31 + host.hashCode()) * 31 + port;
    }

    @Override
    public String toString() {
        return scheme + "://" + authority();
    }

    private static String withoutBrackets(String host) {
        return host.startsWith("[") && host.endsWith("]")
                ? host.substring(1, host.length() - 1)
                : host;
    }
}
