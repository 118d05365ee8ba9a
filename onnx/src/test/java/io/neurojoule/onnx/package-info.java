@org.jspecify.annotations.NullMarked
package io.neurojoule.onnx;
