package io.neurojoule.workload;

/// Where a network says which part of a step it is in. In `bare` loops every call is a no-op.
public interface Phases {
    /// The phase `name` starts now; it ends where the next one starts, is left, or the step returns.
    void enter(String name);

    /// The phase `name` started at a moment that is over, as somebody else's clock told afterwards.
    ///
    /// @param atNanos on the run's clock; not before what was told last
    default void enter(String name, long atNanos) {
        throw new UnsupportedOperationException("these phases are told when they begin");
    }

    /// The phase ended at a moment that is over, and no other began.
    ///
    /// @param atNanos on the run's clock; not before what was told last
    default void leave(long atNanos) {
        throw new UnsupportedOperationException("these phases are told when they begin");
    }

    /// Does nothing.
    Phases NONE = new Phases() {
        @Override
        public void enter(String name) {}

        @Override
        public void enter(String name, long atNanos) {}

        @Override
        public void leave(long atNanos) {}
    };
}
