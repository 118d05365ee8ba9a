/// Networks in ONNX Runtime.
@NullMarked
package io.neurojoule.onnx;

import org.jspecify.annotations.NullMarked;
