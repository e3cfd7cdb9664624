package dev.unreset.client;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;

/// Header fields in order, with names compared without case (RFC 9110, section 5).
///
/// Names must be tokens; values must not hold line breaks or other control characters than tab, so
/// that no value can add a field of its own (RFC 9110, section 5.5).
public final class Headers {

    private static final Headers NONE = new Headers(List.of());

    private final List<Field> fields;

    private record Field(String name, String value) {}

    private Headers(List<Field> fields) {
        this.fields = fields;
    }

    public static Headers none() {
        return NONE;
    }

    /// These headers with one more field at the end.
    ///
    /// @throws IllegalArgumentException if the name is not a token or the value holds a line break
    public Headers with(String name, String value) {
        requireToken(name);
        requireNoControls(name, value);
        List<Field> copy = new ArrayList<>(fields);
        copy.add(new Field(name, value.strip()));
        return new Headers(List.copyOf(copy));
    }

    /// These headers with `name` having `value` alone.
    public Headers set(String name, String value) {
        return without(name).with(name, value);
    }

    /// These headers without the fields called `name`.
    public Headers without(String name) {
        return new Headers(
                fields.stream().filter(field -> !field.name().equalsIgnoreCase(name)).toList());
    }

    /// The first value of `name`.
    public Optional<String> first(String name) {
        return fields.stream()
                .filter(field -> field.name().equalsIgnoreCase(name))
                .map(Field::value)
                .findFirst();
    }

    /// Every value of `name`, in order.
    public List<String> all(String name) {
        return fields.stream()
                .filter(field -> field.name().equalsIgnoreCase(name))
                .map(Field::value)
                .toList();
    }

    public boolean contains(String name) {
        return first(name).isPresent();
    }

    public boolean isEmpty() {
        return fields.isEmpty();
    }

    /// Collects fields that came from a peer.
    static Builder builder() {
        return new Builder();
    }

    /// Calls `action` with each name and value, in order.
    public void forEach(BiConsumer<String, String> action) {
        fields.forEach(field -> action.accept(field.name(), field.value()));
    }

    private static void requireToken(String name) {
        if (name.isEmpty()) {
            throw new IllegalArgumentException("header name: empty");
        }
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c <= ' ' || c >= 127 || "()<>@,;:\\\"/[]?={}".indexOf(c) >= 0) {
                throw new IllegalArgumentException(
                        "header name: character 0x"
                                + Integer.toHexString(c)
                                + " at "
                                + i
                                + " (expected: a token)");
            }
        }
    }

    private static void requireNoControls(String name, String value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if ((c < ' ' && c != '\t') || c == 127) {
                throw new IllegalArgumentException(
                        "value of header "
                                + name
                                + ": control character 0x"
                                + Integer.toHexString(c)
                                + " at "
                                + i
                                + " (expected: no line breaks or controls)");
            }
        }
    }

    /// The names alone: values may be secret.
    @Override
    public String toString() {
        return fields.stream().map(Field::name).toList().toString();
    }

    /// Takes fields as a peer sent them: a control character in a value becomes a space.
    static final class Builder {
        private final List<Field> fields = new ArrayList<>();

        void received(String name, String value) {
            StringBuilder clean = new StringBuilder(value.length());
            value.chars().forEach(c -> clean.append(c < ' ' || c == 127 ? ' ' : (char) c));
            fields.add(new Field(name, clean.toString().strip()));
        }

        Headers build() {
            return new Headers(List.copyOf(fields));
        }
    }
}
