package dev.unreset.lab;

/// How the lab ends a connection.
public enum Ending {
    /// TCP RST, by `SO_LINGER` 0.
    RST,
    /// TCP FIN: an orderly close.
    FIN
}
