package io.neurojoule.workload;

/// Where a network says which part of a step it is in. In `bare` loops every call is a no-op.
public interface Phases {
    /// The phase `name` starts now; it ends where the next one starts or the step returns.
    void enter(String name);

    /// Does nothing.
    Phases NONE = name -> {};
}
