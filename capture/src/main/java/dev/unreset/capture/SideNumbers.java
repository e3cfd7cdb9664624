package dev.unreset.capture;

/// The sequence numbers of one side of a connection, counted on where those on the wire begin anew:
/// they come around after 4 GiB (RFC 9293, 3.4), and large downloads are what dies.
final class SideNumbers {

    private boolean known;

    /// The highest that was reached.
    private long highest;

    /// The number that stands on the wire as `number`: of all such, the one that is nearest to what
    /// was reached.
    long of(int number) {
        return known ? highest + (number - (int) highest) : Integer.toUnsignedLong(number);
    }

    /// The side has sent all up to `number`.
    void reach(long number) {
        highest = known ? Math.max(highest, number) : number;
        known = true;
    }
}
