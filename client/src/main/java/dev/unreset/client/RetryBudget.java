package dev.unreset.client;

/// Bounds the retries of an origin to a share of its exchanges, so that a failing server is not
/// buried: each exchange earns a tenth of a retry (M. Brooker, *Fixing retries with token buckets
/// and circuit breakers*, 2022), and a few are there from the beginning for clients that send
/// little.
///
/// Under total failure the load grows to 1.1 times the exchanges, once the first few are used up.
final class RetryBudget {

    private static final double EARNED = 0.1;
    private static final double MOST = 100;
    private static final double FROM_THE_BEGINNING = 10;

    private double tokens = FROM_THE_BEGINNING;

    synchronized void exchangeBegan() {
        tokens = Math.min(MOST, tokens + EARNED);
    }

    /// An answer came after a retry: the retry was worth it and costs nothing.
    synchronized void retryWorked() {
        tokens = Math.min(MOST, tokens + 1);
    }

    /// Takes one retry; false if none is left.
    synchronized boolean take() {
        if (tokens < 1) {
            return false;
        }
        tokens -= 1;
        return true;
    }
}
