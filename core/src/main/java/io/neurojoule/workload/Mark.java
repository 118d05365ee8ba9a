package io.neurojoule.workload;

/// A coarse phase that the network told by itself: loading, compiling, the prefill of a language model.
///
/// @param startNanos on the network's clock, which is the run's
public record Mark(String name, long startNanos, long endNanos) {}
