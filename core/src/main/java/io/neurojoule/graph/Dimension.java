package io.neurojoule.graph;

/// One axis of an input or output.
public sealed interface Dimension {
    /// Always this long.
    record Fixed(long extent) implements Dimension {
        @Override
        public String toString() {
            return Long.toString(extent);
        }
    }

    /// As long as the caller likes; the same symbol is the same length everywhere.
    record Symbol(String name) implements Dimension {
        @Override
        public String toString() {
            return name;
        }
    }

    /// As long as the caller likes, without a name.
    record Unnamed() implements Dimension {
        @Override
        public String toString() {
            return "?";
        }
    }

    /// Whether the caller chooses the length.
    default boolean free() {
        return !(this instanceof Fixed);
    }
}
