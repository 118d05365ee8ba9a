package io.neurojoule.workload;

import java.util.List;
import java.util.Map;

/// A network that a worker hosts: the Java way in. [#step] is called in a loop in the worker's own process.
///
/// Used by one thread. Everything that can be done before the loop belongs into [#load] and [#prepare].
public interface Network extends AutoCloseable {
    /// What it offers; asked before [#load].
    Capabilities capabilities();

    /// Loads the artefact for one precision; may be called again with another.
    ///
    /// What was loaded and prepared before is gone, also when this fails.
    ///
    /// @throws NetworkException [NetworkException.Code#UNSUPPORTED] is a hole in the sweep, not a failure; BAD_MODEL
    /// for
    /// an artefact that cannot be read, INVALID_INPUT for an option that it does not have
    Loaded load(LoadRequest request) throws NetworkException;

    /// Makes the inputs of one batch, and whatever the device wants allocated.
    ///
    /// May be called again, with another batch.
    ///
    /// @param batch  elements in one step, >= 1; never run another: throw UNSUPPORTED if it cannot be had
    /// @param inputs what the user said about inputs; an input that is not named gets seeded values
    /// @throws IllegalStateException if nothing is loaded
    void prepare(int batch, List<InputSpec> inputs) throws NetworkException;

    /// Runs one batch; returns when the device has finished.
    ///
    /// @throws IllegalStateException if nothing is prepared
    void step(Phases phases) throws NetworkException;

    /// Another way to run steps of what is prepared, for a thread of its own beside others; only asked of a network
    /// that offers to be concurrent, and then its steps are run in lanes only.
    ///
    /// @throws IllegalStateException if nothing is prepared
    default Lane lane() throws NetworkException {
        throw new NetworkException(NetworkException.Code.UNSUPPORTED, "its steps cannot overlap");
    }

    /// Runs one phase of a step alone, on what it had the last time; only asked for phases that are offered as
    /// isolable.
    ///
    /// @throws IllegalStateException if nothing is prepared
    default void only(String phase) throws NetworkException {
        throw new NetworkException(NetworkException.Code.UNSUPPORTED, "it cannot run the phase " + phase + " alone");
    }

    /// What something beside the steps counts since a beginning of its own, a server for example, by the names of
    /// [Tally]: asked before and after a run, outside of its stamps, and told as the difference.
    default Map<String, Long> totals() {
        return Map.of();
    }

    /// The outputs of one step on the prepared inputs, for comparing artefacts; the same for the same seeds.
    ///
    /// @throws NetworkException UNSUPPORTED if it has none to show
    List<Tensor> outputs() throws NetworkException;

    /// Which data types are really executed on the prepared inputs. May take a trial run of its own: it is asked once,
    /// and outside every window.
    ///
    /// @throws IllegalStateException if nothing is prepared
    default Execution execution() throws NetworkException {
        return Execution.UNKNOWN;
    }

    /// Harmless when called again.
    @Override
    void close();
}
