package dev.unreset.client;

import dev.unreset.End;
import dev.unreset.Origin;
import java.net.InetAddress;
import java.net.UnknownHostException;

/// What a process does once before its first exchange: it opens the jars of its class path, loads
/// native libraries, and generates code for switches and records.
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
        Origin one = new Origin("http", "localhost", 80);
        if (one.hashCode() != 0 && one.equals(new Origin("http", "localhost", 81))) {
            throw new IllegalStateException("two ports, one origin");
        }
        WireExchange.kind(new End.Fin());
        Checksum.digest("SHA-256");
    }
}
