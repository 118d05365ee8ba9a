"""RadioML VGG10 in ONNX Runtime, for Triton's Python backend."""

import os

import onnxruntime
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def initialize(self, args):
        self.session = onnxruntime.InferenceSession(os.environ["VGG10"], providers=["CPUExecutionProvider"])
        self.name = self.session.get_inputs()[0].name

    def execute(self, requests):
        answers = []
        for request in requests:
            x = pb_utils.get_input_tensor_by_name(request, "iq").as_numpy()
            (y,) = self.session.run(None, {self.name: x})
            answers.append(pb_utils.InferenceResponse([pb_utils.Tensor("logits", y)]))
        return answers
