"""OpenVINO on the CPU: `python -m neurojoule.adapters.openvino`.

One synchronous request, its input array kept alive as long as the request. OpenVINO computes an fp32 file in bf16 where
the processor can, unless it is told: here `precision` is what it is told, and what it answers is reported.

Options: `threads` (all that the process may use by default) and `hint` (`LATENCY` or `THROUGHPUT`, `LATENCY` by
default; with one request at a time `THROUGHPUT` leaves processors idle).
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, Mapping, Optional, Sequence

import numpy as np
import openvino as ov

from neurojoule.adapters.options import Options, processors
from neurojoule.inputs import Port, fill
from neurojoule.protocol import Failure, Mark, serve

_VERSION = ov.__version__.partition("-")[0]

#: What OpenVINO is told to compute floats in; int8 is a file with quantizing operators.
_HINTS = {"default": "f32", "fp32": "f32", "bf16": "bf16", "fp16": "f16", "int8": "f32"}
_TYPES = {"f32": "float32", "f16": "float16", "bf16": "bfloat16", "i8": "int8", "u8": "int8"}
_PROFILED_RUNS = 20


class OpenVino:
    def __init__(self) -> None:
        self._core = ov.Core()

    def load(self, model: str, precision: str, device: str, options: Mapping[str, str]) -> Mapping[str, Any]:
        self._request = self._compiled = None
        known = Options(options, "threads", "hint")
        if (device or "cpu") not in ("cpu", "default"):
            raise Failure("UNSUPPORTED", f"this adapter runs on the cpu, not on {device}")
        if precision not in _HINTS:
            raise Failure("UNSUPPORTED", f"{precision}: OpenVINO is told {', '.join(_HINTS)} here")
        self._config = {
            "PERFORMANCE_HINT": known.text("hint", "LATENCY", "LATENCY", "THROUGHPUT"),
            "INFERENCE_NUM_THREADS": known.number("threads", processors()),
            "INFERENCE_PRECISION_HINT": _HINTS[precision],
        }
        self._model, self._precision = model, precision
        read = self._read()
        self._ports = [_port(port) for port in read.inputs]
        self._outputs = [port.get_any_name() for port in read.outputs]
        return {"bytes": Path(model).stat().st_size, "settings": {"runtime": f"openvino {_VERSION}"}}

    def _read(self) -> ov.Model:
        try:
            return self._core.read_model(self._model)
        except RuntimeError as error:
            raise Failure("BAD_MODEL", f"OpenVINO cannot read {self._model}: {_last(error)}") from None

    def prepare(self, batch: int, inputs: Sequence[Mapping[str, Any]]) -> None:
        self._request = self._compiled = None
        self._arrays = fill(self._ports, batch, inputs)
        self._compiled = self._compile(self._config)
        self._request = self._new_request(self._compiled)
        told = self._float_type()
        wanted = _TYPES[self._config["INFERENCE_PRECISION_HINT"]]
        if told != wanted:
            raise Failure("UNSUPPORTED", f"OpenVINO computes in {told} here, not in {wanted}")
        self._request.infer()
        for index, name in enumerate(self._outputs):
            shape = list(self._request.get_output_tensor(index).shape)
            if not shape or shape[0] != batch:
                raise Failure("UNSUPPORTED", f"output {name} has the shape {shape} at a batch of {batch}")

    def _compile(self, config: Mapping[str, Any]) -> ov.CompiledModel:
        model = self._read()
        model.reshape({name: list(array.shape) for name, array in self._arrays.items()})
        return self._core.compile_model(model, "CPU", dict(config))

    def _float_type(self) -> str:
        """What the compiled network says that it computes floats in."""
        told = self._compiled.get_property("INFERENCE_PRECISION_HINT").to_string()
        return _TYPES.get(told, told)

    def _new_request(self, compiled: ov.CompiledModel) -> ov.InferRequest:
        request = compiled.create_infer_request()
        for name, array in self._arrays.items():
            # The tensor lies in the array and does not keep it alive: self._arrays does.
            request.set_tensor(name, ov.Tensor(array, shared_memory=True))
        return request

    def step(self, mark: Mark) -> None:
        mark("execute", self._request.infer)

    def outputs(self) -> Mapping[str, np.ndarray]:
        self._request.infer()
        return {name: self._request.get_output_tensor(i).data.copy() for i, name in enumerate(self._outputs)}

    def execution(self) -> Mapping[str, Any]:
        """What the compiled network says, and the types of its layers by their time, in a network of its own."""
        settings = {
            "device": "cpu",
            "float_type": self._float_type(),
            "threads": str(self._compiled.get_property("INFERENCE_NUM_THREADS")),
            "streams": str(self._compiled.get_property("NUM_STREAMS")),
            "hint": str(self._compiled.get_property("PERFORMANCE_HINT")),
        }
        profiled = self._compile({**self._config, "PERF_COUNT": True})
        request = self._new_request(profiled)
        types = {}
        for layer in profiled.get_runtime_model().get_ops():
            facts = layer.get_rt_info()
            if "runtimePrecision" in facts:
                types[layer.get_friendly_name()] = facts["runtimePrecision"].astype(str).lower()
        shares: Counter[str] = Counter()
        for _ in range(_PROFILED_RUNS):
            request.infer()
            for layer in request.profiling_info:
                if layer.node_type == "Reorder":
                    shares["conversion"] += layer.real_time.total_seconds()
                elif layer.real_time.total_seconds() > 0:
                    name = types.get(layer.node_name, "other")
                    shares[_TYPES.get(name, name)] += layer.real_time.total_seconds()
        total = sum(shares.values())
        return {
            "executed": {name: time / total for name, time in shares.items()} if total else {},
            "settings": settings,
        }

    def failure(self, error: Exception) -> Optional[Failure]:
        if "bad_alloc" in str(error) or "allocate" in str(error):
            return Failure("OUT_OF_MEMORY", f"OpenVINO: {_last(error)}")
        return None


def _port(port: Any) -> Port:
    shape = [d.get_length() if d.is_static else None for d in port.get_partial_shape()]
    return Port(port.get_any_name(), shape, np.dtype(port.get_element_type().to_dtype()).name)


def _last(error: Exception) -> str:
    """The line of an OpenVINO exception that says what is wrong: it comes after those that say where."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[-1].strip() if lines else type(error).__name__


if __name__ == "__main__":
    serve(
        OpenVino,
        name="openvino",
        version=_VERSION,
        precisions=["fp32", "fp16", "bf16", "int8"],
        phases=["execute"],
        framework={"name": "openvino", "version": _VERSION},
    )
