package io.neurojoule.workload.kserve;

import io.neurojoule.graph.Port;
import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.Tally;
import io.neurojoule.workload.Tensor;
import io.neurojoule.workload.inputs.Input;
import java.util.List;
import java.util.Map;

/// A server, as one of the two protocols shows it. Used by one thread; each connection by one of its own.
interface InferenceServer extends AutoCloseable {
    /// Sent with each request: some servers answer one without an id with an error.
    String ID = "neurojoule";

    /// What the server says about itself; asked first.
    ///
    /// @throws NetworkException DEVICE_LOST if nothing answers, DEVICE_BUSY if it is not ready
    Metadata metadata() throws NetworkException;

    /// What it says about the model.
    ///
    /// @throws NetworkException BAD_MODEL if it does not have it or is not ready to run it
    Model model() throws NetworkException;

    /// How tensors travel, as in the tables: `REST binary`, `REST JSON`, `gRPC`; known after [#metadata].
    String protocol();

    /// A whole request, to be sent as often as one likes.
    byte[] request(List<Input> inputs);

    /// A new connection, open.
    Connection connect() throws NetworkException;

    /// What the server has counted for the model since its start, by the names of [Tally]; empty if it does not tell.
    Map<String, Long> totals();

    @Override
    void close();

    /// @param extensions e.g. `binary_tensor_data`
    record Metadata(String name, String version, List<String> extensions) {
        public Metadata {
            extensions = List.copyOf(extensions);
        }
    }

    /// @param versions empty where the server does not tell
    /// @param inputs   empty where the server does not tell
    record Model(List<String> versions, String platform, List<Port> inputs) {
        public Model {
            versions = List.copyOf(versions);
            inputs = List.copyOf(inputs);
        }
    }

    /// One connection, used by one thread at a time.
    interface Connection extends AutoCloseable {
        /// Sends a request and waits for its whole answer.
        ///
        /// A connection that the server has closed meanwhile is opened again, which is counted.
        ///
        /// @throws NetworkException if the answer is no success, with what the server says
        Reply ask(byte[] request, Tally tally) throws NetworkException;

        @Override
        void close();
    }

    /// An answer, not yet read.
    interface Reply {
        List<Tensor> tensors() throws NetworkException;
    }
}
