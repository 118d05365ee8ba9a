package io.neurojoule.onnx;

import io.neurojoule.workload.Network;
import io.neurojoule.workload.NetworkSource;

/// Networks in ONNX Runtime on the CPU.
///
/// Options of [io.neurojoule.workload.LoadRequest]: `threads` (default: all processors), `interop_threads` (default 1),
/// `spinning` (default 0: a spinning thread burns energy while it waits), `graph_optimization` (`all`, `extended`,
/// `basic`, `disable`; default `all`).
public final class OnnxRuntimeSource implements NetworkSource {
    @Override
    public String name() {
        return "onnx";
    }

    @Override
    public Network open() {
        return new OnnxRuntimeNetwork();
    }
}
