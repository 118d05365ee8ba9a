package io.neurojoule.workload;

/// A way to run networks inside a worker: a plug-in, named in META-INF/services.
public interface NetworkSource {
    /// As in `neurojoule worker NAME` and `workload: {adapter: NAME}`.
    String name();

    /// A network with nothing loaded.
    Network open() throws NetworkException;
}
