package dev.unreset;

/// What to change, and where.
///
/// @param where who can change it
/// @param action one sentence in the imperative, with the setting and its value where they are
///   known
public record Remedy(Where where, String action) {

    /// Who can apply a remedy.
    public enum Where {
        CLIENT,
        SERVER,
        NETWORK
    }
}
