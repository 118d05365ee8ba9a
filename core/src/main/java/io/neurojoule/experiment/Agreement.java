package io.neurojoule.experiment;

import io.neurojoule.workload.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;

/// How far the outputs of two artefacts of one model agree on the same input.
final class Agreement {
    private static final double MOST_NOISE = 0.01;

    private Agreement() {}

    /// 1 − residual sum of squares / total sum of squares over all outputs: 1 for the same output, 0 for one that is no
    /// better than the mean of the first, below 0 for worse; empty if the outputs have other shapes or do not vary.
    static OptionalDouble of(List<Tensor> first, List<Tensor> other) {
        double[] a = values(first);
        double[] b = values(other);
        if (a.length != b.length || a.length == 0) {
            return OptionalDouble.empty();
        }
        double mean = 0;
        for (double value : a) {
            mean += value / a.length;
        }
        double residual = 0;
        double total = 0;
        for (int i = 0; i < a.length; i++) {
            residual += (a[i] - b[i]) * (a[i] - b[i]);
            total += (a[i] - mean) * (a[i] - mean);
        }
        return total > 0 && Double.isFinite(residual / total)
                ? OptionalDouble.of(1 - residual / total)
                : OptionalDouble.empty();
    }

    /// Whether a network gave the same twice: no value differs by more than 1 % of the largest, as sums may that
    /// threads add in another order. Memory that was given back, or another network, differs by more.
    static boolean same(List<Tensor> first, List<Tensor> second) {
        double[] a = values(first);
        double[] b = values(second);
        if (a.length != b.length) {
            return false;
        }
        double largest =
                Arrays.stream(a).filter(Double::isFinite).map(Math::abs).max().orElse(0);
        for (int i = 0; i < a.length; i++) {
            boolean equal = Double.compare(a[i], b[i]) == 0 || Math.abs(a[i] - b[i]) <= MOST_NOISE * largest;
            if (!equal) {
                return false;
            }
        }
        return true;
    }

    private static double[] values(List<Tensor> tensors) {
        return tensors.stream()
                .flatMapToDouble(tensor -> Arrays.stream(tensor.values()))
                .toArray();
    }
}
