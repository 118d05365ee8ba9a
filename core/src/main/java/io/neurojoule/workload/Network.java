package io.neurojoule.workload;

import java.util.List;

/// A network that a worker hosts: the Java way in. [#step] is called in a loop in the worker's own process.
///
/// Used by one thread. Everything that can be done before the loop belongs into [#load] and [#prepare].
public interface Network extends AutoCloseable {
    /// What it offers; asked before [#load].
    Capabilities capabilities();

    /// Loads the artefact for one precision; may be called again with another.
    ///
    /// @throws NetworkException [NetworkException.Code#UNSUPPORTED] is a hole in the sweep, not a failure
    Loaded load(LoadRequest request) throws NetworkException;

    /// Makes the inputs of one batch, and whatever the device wants allocated.
    ///
    /// @param batch  elements in one step, >= 1; never run another: throw UNSUPPORTED if it cannot be had
    /// @param inputs what the user said about inputs; an input that is not named gets seeded values
    void prepare(int batch, List<InputSpec> inputs) throws NetworkException;

    /// Runs one batch; returns when the device has finished.
    void step(Phases phases) throws NetworkException;

    /// The outputs of one step on the prepared inputs, for comparing artefacts.
    ///
    /// @throws NetworkException UNSUPPORTED if it has none to show
    List<Tensor> outputs() throws NetworkException;

    @Override
    void close();
}
