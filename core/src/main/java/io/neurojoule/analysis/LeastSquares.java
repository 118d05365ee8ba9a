package io.neurojoule.analysis;

import java.util.Optional;
import org.apache.commons.statistics.distribution.TDistribution;

/// Ordinary least squares without a constant term, by the normal equations of columns of length one.
///
/// @param coefficients   one for each column
/// @param standardErrors of the coefficients
/// @param leastAngleSine sine of the smallest angle between a column and the plane of the others: near 0 the columns
/// hardly
///                       tell the coefficients apart
/// @param freedoms       rows less columns
/// @param weights        what each row's `y` counts in each coefficient
record LeastSquares(
        double[] coefficients, double[] standardErrors, double leastAngleSine, int freedoms, double[][] weights) {
    private static final double TAIL = 0.975;

    /// Below this a pivot is rounding.
    private static final double SMALLEST_PIVOT = 1e-12;

    /// @param x rows of equal length, more than columns
    /// @return empty if the columns depend on each other
    static Optional<LeastSquares> of(double[][] x, double[] y) {
        int n = x.length;
        int p = x[0].length;
        double[] lengths = new double[p];
        for (int j = 0; j < p; j++) {
            for (double[] row : x) {
                lengths[j] += row[j] * row[j];
            }
            lengths[j] = Math.sqrt(lengths[j]);
            if (lengths[j] == 0) {
                return Optional.empty();
            }
        }
        double[][] gram = new double[p][p];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < p; j++) {
                for (int k = 0; k < p; k++) {
                    gram[j][k] += x[i][j] / lengths[j] * x[i][k] / lengths[k];
                }
            }
        }
        Optional<double[][]> solved = inverse(gram);
        if (solved.isEmpty()) {
            return Optional.empty();
        }
        double[][] inverse = solved.get();
        double[] coefficients = new double[p];
        double[][] weights = new double[p][n];
        double least = 1;
        for (int j = 0; j < p; j++) {
            for (int i = 0; i < n; i++) {
                for (int k = 0; k < p; k++) {
                    weights[j][i] += inverse[j][k] * x[i][k] / lengths[k] / lengths[j];
                }
                coefficients[j] += weights[j][i] * y[i];
            }
            least = Math.min(least, 1 / Math.sqrt(inverse[j][j]));
        }
        double squares = 0;
        for (int i = 0; i < n; i++) {
            double rest = y[i];
            for (int j = 0; j < p; j++) {
                rest -= x[i][j] * coefficients[j];
            }
            squares += rest * rest;
        }
        double[] errors = new double[p];
        for (int j = 0; j < p; j++) {
            errors[j] = Math.sqrt(squares / (n - p) * inverse[j][j]) / lengths[j];
        }
        return Optional.of(new LeastSquares(coefficients, errors, least, n - p, weights));
    }

    /// Half the width of the 95 % interval of a coefficient.
    double halfWidth(int column) {
        return TDistribution.of(freedoms).inverseCumulativeProbability(TAIL) * standardErrors[column];
    }

    /// How far a coefficient can be off if each `y` is off by at most its bound.
    double bound(int column, double[] bounds) {
        double sum = 0;
        for (int i = 0; i < bounds.length; i++) {
            sum += Math.abs(weights[column][i]) * bounds[i];
        }
        return sum;
    }

    /// By Gauss and Jordan; a Gram matrix of columns of length one needs no exchange of rows.
    private static Optional<double[][]> inverse(double[][] matrix) {
        int p = matrix.length;
        double[][] left = new double[p][];
        double[][] right = new double[p][p];
        for (int i = 0; i < p; i++) {
            left[i] = matrix[i].clone();
            right[i][i] = 1;
        }
        for (int i = 0; i < p; i++) {
            double pivot = left[i][i];
            if (pivot < SMALLEST_PIVOT) {
                return Optional.empty();
            }
            for (int k = 0; k < p; k++) {
                left[i][k] /= pivot;
                right[i][k] /= pivot;
            }
            for (int row = 0; row < p; row++) {
                double factor = left[row][i];
                for (int k = 0; k < p && row != i; k++) {
                    left[row][k] -= factor * left[i][k];
                    right[row][k] -= factor * right[i][k];
                }
            }
        }
        return Optional.of(right);
    }
}
