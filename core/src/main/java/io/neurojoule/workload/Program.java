package io.neurojoule.workload;

import java.util.List;
import java.util.OptionalLong;

/// A program that is measured as it is: it is started for each run, and neither loaded, warmed up nor prolonged.
public interface Program extends NetworkUnderTest {
    /// Runs it once, from its start to its end.
    ///
    /// @throws NetworkException INTERNAL if it ended with another exit code than 0; INVALID_INPUT if no region that was
    /// asked for shows in its output
    Ran runOnce() throws NetworkException;

    /// What one run gave.
    ///
    /// @param windows       the whole run, or each region of it
    /// @param whole         whether start-up and loading are in the window
    /// @param unpairedMarks how many marks opened no span or closed none
    record Ran(List<RunAnswer> windows, boolean whole, long unpairedMarks) {
        public Ran {
            windows = List.copyOf(windows);
        }
    }

    /// Nothing to load.
    @Override
    default Loaded load(LoadRequest request) {
        return Loaded.silent();
    }

    /// Nothing to prepare.
    @Override
    default void prepare(int batch, List<InputSpec> inputs) {}

    /// Never possible: a program ends when it ends.
    @Override
    default RunAnswer run(RunRequest request) throws NetworkException {
        throw new NetworkException(NetworkException.Code.UNSUPPORTED, "a program can only be run as a whole");
    }

    @Override
    default Verified verify() throws NetworkException {
        throw new NetworkException(NetworkException.Code.UNSUPPORTED, "a program does not offer its outputs");
    }

    /// Not known once it has ended.
    @Override
    default OptionalLong peakMemoryBytes() {
        return OptionalLong.empty();
    }
}
