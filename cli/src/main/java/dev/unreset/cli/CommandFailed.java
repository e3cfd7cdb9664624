package dev.unreset.cli;

/// A command cannot do its work; the message is what the user sees.
final class CommandFailed extends RuntimeException {

    private static final long serialVersionUID = 1L;

    CommandFailed(String message) {
        super(message);
    }
}
