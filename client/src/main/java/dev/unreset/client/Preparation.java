package dev.unreset.client;

import dev.unreset.End;
import java.net.InetAddress;
import java.net.UnknownHostException;

/// What a process does once before its first exchange: it loads native libraries, looks for
/// resolvers, and generates code for a switch.
final class Preparation {

    private Preparation() {}

    /// Does it all. Errors are left to whoever meets them again.
    static void run() {
        Connector.prepare();
        try {
            InetAddress.getAllByName("localhost");
        } catch (UnknownHostException e) {
            // Looking for resolvers was all that counted.
        }
        WireExchange.kind(new End.Fin());
    }
}
