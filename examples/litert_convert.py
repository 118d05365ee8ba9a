#!/usr/bin/env python3
"""Makes a LiteRT file for each batch from an ONNX file: litert_convert.py MODEL.onnx OUTPUT BATCH… writes OUTPUT-bBATCH.tflite.

The batch is written into the ONNX file first: the converter ignores its own option for it.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import onnx
from onnx.tools.update_model_dims import update_inputs_outputs_dims


def fixed(model, batch):
    def shapes(values):
        return {v.name: [batch] + [d.dim_value for d in v.type.tensor_type.shape.dim[1:]] for v in values}

    model = update_inputs_outputs_dims(model, shapes(model.graph.input), shapes(model.graph.output))
    del model.graph.value_info[:]
    return onnx.shape_inference.infer_shapes(model)


source, output, *batches = sys.argv[1:]
for batch in map(int, batches):
    model = fixed(onnx.load(source), batch)
    with tempfile.TemporaryDirectory() as folder:
        onnx.save(model, f"{folder}/network.onnx")
        # -k: keep the layout of the input, which would be transposed otherwise.
        names = [value.name for value in model.graph.input]
        convert = [str(Path(sys.executable).parent / "onnx2tf"), "-i", f"{folder}/network.onnx", "-o", f"{folder}/out"]
        subprocess.run([*convert, "-k", *names], check=True)
        Path(f"{folder}/out/network_float32.tflite").replace(f"{output}-b{batch}.tflite")
