package dev.unreset.client;

import dev.unreset.Origin;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// Which HTTP proxy to use for an origin, from the variables that curl and most tools read:
/// `http_proxy`, `https_proxy`, `all_proxy` (lower case first, then upper case, except that
/// `HTTP_PROXY` is ignored where a CGI server may have set it from a request header) and
/// `no_proxy`.
final class ProxySettings {

    private static final int DEFAULT_PORT = 8080;

    private final Map<String, String> environment;

    /// An HTTP proxy.
    record Proxy(String host, int port, Optional<String> user, String password) {

        /// The value of `Proxy-Authorization` (RFC 7617); empty if no user is set.
        Optional<String> authorization() {
            return user.map(name ->
                    "Basic "
                            + Base64.getEncoder()
                                    .encodeToString(
                                            (name + ":" + password)
                                                    .getBytes(StandardCharsets.UTF_8)));
        }

        @Override
        public String toString() {
            return host + ":" + port;
        }
    }

    ProxySettings(Map<String, String> environment) {
        this.environment = Map.copyOf(environment);
    }

    static ProxySettings none() {
        return new ProxySettings(Map.of());
    }

    /// The proxy for `origin`; empty if it is reached directly.
    ///
    /// @throws IllegalArgumentException if the variable does not hold an `http` URI
    Optional<Proxy> proxyFor(Origin origin) {
        if (isExempt(origin)) {
            return Optional.empty();
        }
        return variable(origin.scheme() + "_proxy")
                .or(() -> variable("all_proxy"))
                .map(ProxySettings::parse);
    }

    private Optional<String> variable(String name) {
        String lower = environment.getOrDefault(name, "");
        boolean cgi = name.equals("http_proxy") && environment.containsKey("REQUEST_METHOD");
        String value =
                lower.isEmpty() && !cgi
                        ? environment.getOrDefault(name.toUpperCase(Locale.ROOT), "")
                        : lower;
        return value.isBlank() ? Optional.empty() : Optional.of(value.strip());
    }

    private boolean isExempt(Origin origin) {
        for (String each : variable("no_proxy").orElse("").split(",", -1)) {
            String entry = each.strip().toLowerCase(Locale.ROOT);
            String domain = entry.startsWith(".") ? entry.substring(1) : entry;
            if (entry.equals("*")
                    || (!domain.isEmpty()
                            && (origin.host().equals(domain)
                                    || origin.host().endsWith("." + domain)
                                    || origin.authority().equals(domain)))) {
                return true;
            }
        }
        return false;
    }

    private static Proxy parse(String value) {
        URI uri = URI.create(value.contains("://") ? value : "http://" + value);
        if (!"http".equals(uri.getScheme()) || uri.getHost() == null) {
            throw new IllegalArgumentException(
                    "proxy "
                            + withoutUser(uri)
                            + ": (expected: http://host:port; other kinds are not supported)");
        }
        String[] user = Optional.ofNullable(uri.getUserInfo()).orElse("").split(":", 2);
        return new Proxy(
                uri.getHost(),
                uri.getPort() == -1 ? DEFAULT_PORT : uri.getPort(),
                user[0].isEmpty() ? Optional.empty() : Optional.of(user[0]),
                user.length > 1 ? user[1] : "");
    }

    private static String withoutUser(URI uri) {
        return uri.getScheme() + "://" + uri.getHost() + ":" + uri.getPort();
    }
}
