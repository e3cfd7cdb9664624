package dev.unreset;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/// One observed fact, where it was seen, and how strongly it speaks for or against each cause and
/// each sender.
///
/// Weights are decibans: ten times the base-10 logarithm of the likelihood ratio (I. J. Good,
/// *Probability and the Weighing of Evidence*, 1950). +10 makes a cause ten times as likely as
/// before, -10 a tenth. A cause that is not named is not affected.
public record Evidence(
        String fact,
        Place place,
        Map<Cause, Integer> decibans,
        Map<Sender, Integer> senderDecibans) {

    public Evidence {
        decibans = inOrder(decibans);
        senderDecibans = inOrder(senderDecibans);
    }

    /// A copy in the order of the enum, so that reports are the same each time.
    private static <K extends Enum<K>> Map<K, Integer> inOrder(Map<K, Integer> weights) {
        return weights.size() < 2
                ? Map.copyOf(weights)
                : Collections.unmodifiableMap(new EnumMap<>(weights));
    }

    /// A fact that does not yet speak for anything.
    public static Evidence of(String fact, Place place) {
        return new Evidence(fact, place, Map.of(), Map.of());
    }

    /// This evidence, with `weight` decibans for `cause` (negative: against it).
    public Evidence weighs(Cause cause, int weight) {
        return new Evidence(
                fact, place, with(Cause.class, decibans, cause, weight), senderDecibans);
    }

    /// This evidence, with `weight` decibans for `sender` (negative: against it).
    public Evidence weighs(Sender sender, int weight) {
        return new Evidence(
                fact, place, decibans, with(Sender.class, senderDecibans, sender, weight));
    }

    /// The largest absolute weight: how much this evidence matters.
    public int strength() {
        int strength = 0;
        for (int weight : decibans.values()) {
            strength = Math.max(strength, Math.abs(weight));
        }
        for (int weight : senderDecibans.values()) {
            strength = Math.max(strength, Math.abs(weight));
        }
        return strength;
    }

    private static <K extends Enum<K>> Map<K, Integer> with(
            Class<K> keys, Map<K, Integer> weights, K key, int weight) {
        if (weights.isEmpty()) {
            return Map.of(key, weight);
        }
        Map<K, Integer> copy = new EnumMap<>(keys);
        copy.putAll(weights);
        copy.merge(key, weight, Integer::sum);
        return copy;
    }
}
