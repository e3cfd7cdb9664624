package dev.unreset.explain;

import dev.unreset.Diagnosis;
import dev.unreset.Phase;
import java.util.List;
import java.util.Optional;

/// What an error text means.
///
/// @param kind what happened
/// @param phase where in an exchange, as far as the text tells
/// @param runtime the language or program that said it; empty if it could be any
/// @param client the library, such as `requests`; may be empty
/// @param reused whether the text says that the connection had been used before
/// @param place the innermost line of the user's own code; empty without a stack trace
/// @param target `host:port` or host, where the text names one
/// @param meaning one sentence
/// @param notThat what it is not, one sentence; may be empty
/// @param diagnosis the causes that this text leaves, with what speaks for them
/// @param questions what would decide between them
/// @param fix code or settings for this runtime and client
/// @param reference the key of the entry that says more
/// @param next the command of Unreset that would tell more; may be empty
/// @param others other errors in the same text, as kinds
public record Explanation(
        Kind kind,
        Optional<Phase> phase,
        Optional<String> runtime,
        Optional<String> client,
        boolean reused,
        Optional<CodePlace> place,
        Optional<String> target,
        String meaning,
        String notThat,
        Diagnosis diagnosis,
        List<String> questions,
        String fix,
        Optional<String> reference,
        String next,
        List<Kind> others) {

    public Explanation {
        questions = List.copyOf(questions);
        others = List.copyOf(others);
    }

    /// A line of code.
    public record CodePlace(String file, int line, String function) {
        @Override
        public String toString() {
            return file + ":" + line + (function.isEmpty() ? "" : " in " + function);
        }
    }
}
