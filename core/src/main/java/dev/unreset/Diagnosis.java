package dev.unreset;

import java.util.List;
import java.util.Optional;

/// The causes of a lost connection ranked by probability, with the evidence and the remedies.
///
/// @param causes every cause that is not negligible, most probable first
/// @param unknownProbability how probable it is that the cause is none of these; the probabilities
///   of all causes and this one add up to 1
/// @param sender who probably sent the RST
/// @param senderProbability how probable that sender is
/// @param evidence strongest first
/// @param remedies most useful first
public record Diagnosis(
        List<RankedCause> causes,
        double unknownProbability,
        Sender sender,
        double senderProbability,
        List<Evidence> evidence,
        List<Remedy> remedies) {

    /// A cause and its probability, 0 to 1.
    public record RankedCause(Cause cause, double probability) {}

    public Diagnosis {
        causes = List.copyOf(causes);
        evidence = List.copyOf(evidence);
        remedies = List.copyOf(remedies);
    }

    /// The most probable cause; empty if "unknown" is more probable than each of them.
    public Optional<RankedCause> leading() {
        return causes.isEmpty() || causes.getFirst().probability() <= unknownProbability
                ? Optional.empty()
                : Optional.of(causes.getFirst());
    }
}
