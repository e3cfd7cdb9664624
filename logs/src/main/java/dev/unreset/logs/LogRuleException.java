package dev.unreset.logs;

/// A file of rules has a line that is none; the message says where and what is expected.
public final class LogRuleException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    LogRuleException(String message) {
        super(message);
    }
}
