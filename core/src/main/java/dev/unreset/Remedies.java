package dev.unreset;

import static dev.unreset.Remedy.Where.CLIENT;
import static dev.unreset.Remedy.Where.NETWORK;
import static dev.unreset.Remedy.Where.SERVER;

import java.util.List;

/// The usual remedies of each cause, for when a source knows none with values.
public final class Remedies {

    private Remedies() {}

    /// The usual remedies of `cause`, most useful first.
    public static List<Remedy> of(Cause cause) {
        return switch (cause) {
            case SERVER_RESTART ->
                    List.of(
                            new Remedy(
                                    CLIENT,
                                    "Retry with growing delays; the server comes back by itself."),
                            new Remedy(
                                    SERVER,
                                    "Read the server's log around that time for a crash, an out-of-memory kill or a deployment; drain connections before a restart."));
            case CONNECTION_LIMIT ->
                    List.of(
                            new Remedy(
                                    CLIENT,
                                    "Open fewer connections at once and reuse them (a session or a pool with a limit)."),
                            new Remedy(
                                    SERVER,
                                    "Raise the connection limit, the listen backlog or the number of open files."));
            case IDLE_TIMEOUT ->
                    List.of(
                            new Remedy(
                                    CLIENT,
                                    "Close pooled connections before the idle limit, or keep them busy (TCP keep-alive below the limit)."),
                            new Remedy(
                                    SERVER,
                                    "Make the server's idle timeout longer than that of whatever is in front of it."));
            case MIDDLEBOX ->
                    List.of(
                            new Remedy(
                                    NETWORK,
                                    "Ask whoever runs the firewall, NAT or load balancer for its log of this connection."),
                            new Remedy(
                                    CLIENT,
                                    "Try once without the proxy or VPN, and from another network."));
            case PROTOCOL_VIOLATION ->
                    List.of(
                            new Remedy(
                                    CLIENT,
                                    "Check what is sent: http against https, lengths and framing, size of headers and body."),
                            new Remedy(
                                    SERVER,
                                    "Raise the request size or header limit if the request is legitimate."));
            case RATE_LIMIT ->
                    List.of(
                            new Remedy(
                                    CLIENT, "Send fewer requests a second, and obey Retry-After."),
                            new Remedy(
                                    SERVER,
                                    "Raise the rate limit, or answer 429 with Retry-After instead of resetting."));
            case TRANSFER_LIMIT ->
                    List.of(
                            new Remedy(
                                    CLIENT,
                                    "Fetch in ranges that are smaller than the limit, and resume by Range."),
                            new Remedy(
                                    SERVER,
                                    "Raise the limit on bytes or seconds of one connection."));
            case CLIENT_ABORT ->
                    List.of(
                            new Remedy(
                                    CLIENT,
                                    "Look for a timeout, a cancelled task or a close before the response was read."));
            case PORT_CLOSED ->
                    List.of(
                            new Remedy(CLIENT, "Check host and port."),
                            new Remedy(
                                    SERVER,
                                    "Start the service, and check which address it listens on."));
        };
    }
}
