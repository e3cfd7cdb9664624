package dev.unreset;

/// Where a piece of evidence was seen; `toString` is how a report names it.
public sealed interface Place {

    /// A packet of a capture; `number` counts from 1, as Wireshark shows it.
    record Packet(String file, long number) implements Place {
        @Override
        public String toString() {
            return file + " packet " + number;
        }
    }

    /// A line of a log or of a pasted text; `line` counts from 1.
    record Line(String file, long line) implements Place {
        @Override
        public String toString() {
            return file + ":" + line;
        }
    }

    /// An attempt of an exchange; `number` counts from 1.
    record OfAttempt(int number) implements Place {
        @Override
        public String toString() {
            return "attempt " + number;
        }
    }

    /// The evidence is about the whole of what was looked at, such as a rhythm over many
    /// connections.
    record Whole(String what) implements Place {
        @Override
        public String toString() {
            return what;
        }
    }
}
