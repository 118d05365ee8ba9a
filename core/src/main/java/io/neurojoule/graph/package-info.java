/// What an ONNX file costs: inputs, weights, multiply-accumulates.
@NullMarked
package io.neurojoule.graph;

import org.jspecify.annotations.NullMarked;
