package dev.unreset;

import java.util.Locale;

/// Who sent a TCP RST.
public enum Sender {
    CLIENT,
    SERVER,
    /// Something between: firewall, NAT, load balancer, injector.
    MIDDLEBOX,
    /// What was seen does not tell, or nobody sent one.
    UNKNOWN;

    /// The lower-case word used in output and JSON, for example `middlebox`.
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
