package dev.unreset.capture;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// Idle times: which are a timer's, and whose default they are (resets.md, 3).
final class Idle {

    /// Idle times below this are pauses.
    static final long LEAST_NANOS = 1_000_000_000L;

    private static final long SECOND = 1_000_000_000L;

    // By how much a timer is late: in seconds, or of all that it has waited, whichever is more.
    private static final double MOST_LATE = 0.06;
    private static final double LATE_SHARE = 0.002;

    private static final TreeMap<Integer, String> DEFAULTS =
            new TreeMap<>(
                    Map.ofEntries(
                            Map.entry(
                                    5, "Node.js keepAliveTimeout or Apache httpd KeepAliveTimeout"),
                            Map.entry(20, "Tomcat connectionTimeout"),
                            Map.entry(
                                    60,
                                    "AWS ALB idle timeout, or nginx upstream keepalive_timeout"),
                            Map.entry(65, "OCI load balancer, or Node.js behind a load balancer"),
                            Map.entry(75, "nginx keepalive_timeout"),
                            Map.entry(90, "Heroku router"),
                            Map.entry(120, "a two-minute keep-alive"),
                            Map.entry(240, "Azure Load Balancer or NAT Gateway"),
                            Map.entry(300, "F5 BIG-IP, or OCI load balancer"),
                            Map.entry(350, "AWS NLB, NAT gateway or Network Firewall"),
                            Map.entry(600, "GCP firewall or external load balancer"),
                            Map.entry(900, "IPVS, Docker Swarm"),
                            Map.entry(1200, "GCP Cloud NAT"),
                            Map.entry(1800, "Forcepoint"),
                            Map.entry(3600, "Cisco ASA, FortiGate, Palo Alto or Check Point"),
                            Map.entry(7200, "Linux tcp_keepalive_time"),
                            Map.entry(432000, "Linux conntrack")));

    private Idle() {}

    /// Whether a side that acted after `nanos` of silence acted by a timer: whole seconds, and a
    /// little more, because timers are late and never early.
    static boolean isRound(long nanos) {
        return isRound(nanos, Math.max(MOST_LATE, nanos / 1e9 * LATE_SHARE));
    }

    /// The same with a tolerance that does not grow: by [#isRound], all ages above 500 s were
    /// whole.
    static boolean isWholeSeconds(long nanos) {
        return isRound(nanos, MOST_LATE);
    }

    private static boolean isRound(long nanos, double mostLate) {
        double seconds = nanos / 1e9;
        double nearest = Math.rint(seconds);
        double late = seconds - nearest;
        return nearest >= 1 && late >= -0.01 && late <= mostLate;
    }

    /// `nanos` in seconds with one decimal, such as `12.3`.
    static String tenths(long nanos) {
        return rounded(nanos, 1);
    }

    /// `nanos` in seconds with two decimals.
    static String hundredths(long nanos) {
        return rounded(nanos, 2);
    }

    private static String rounded(long nanos, int decimals) {
        long unit = decimals == 1 ? 100_000_000 : 10_000_000;
        // A clock that was set back makes times that are less than nothing.
        long units = (Math.max(0, nanos) + unit / 2) / unit;
        long whole = units / (SECOND / unit);
        String fraction = String.valueOf(units % (SECOND / unit));
        return whole + "." + "0".repeat(decimals - fraction.length()) + fraction;
    }

    /// What to add to a text about `nanos` of silence: `: the default of ` and a product, or
    /// nothing.
    static String whoseDefault(long nanos) {
        return product(nanos).map(name -> ": the default of " + name).orElse("");
    }

    /// The product whose default is just below `nanos`, within a tenth.
    static Optional<String> product(long nanos) {
        Integer below = DEFAULTS.floorKey((int) Math.ceil(nanos / 1e9 * 1.01));
        return below != null && nanos / 1e9 <= below * 1.1 && nanos / 1e9 >= below * 0.98
                ? Optional.of(DEFAULTS.get(below) + " (" + below + " s)")
                : Optional.empty();
    }
}
