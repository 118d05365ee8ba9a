"""ONNX Runtime on the CPU, a CUDA device, or through TensorRT: `python -m neurojoule.adapters.onnxruntime`.

Inputs and outputs are bound once and stay on the device: a step is the network alone, and ends when the device has
finished. The file decides the precision; what the kernels really worked on is read from a profile.

Options: `threads` (all that the process may use by default), `spinning` (0 or 1: whether waiting threads burn
processor time; 0 by default), `graph_optimization` (`all`, `extended`, `basic`, `disable`), and, on a CUDA device,
`provider` (`cuda` or `tensorrt`).
"""

from __future__ import annotations

import json
import os
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, Mapping, Optional, Sequence

import numpy as np
import onnxruntime as ort

from neurojoule.adapters.options import Options, processors
from neurojoule.inputs import Port, fill
from neurojoule.protocol import Failure, Mark, serve

_LEVELS = {
    "all": ort.GraphOptimizationLevel.ORT_ENABLE_ALL,
    "extended": ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
    "basic": ort.GraphOptimizationLevel.ORT_ENABLE_BASIC,
    "disable": ort.GraphOptimizationLevel.ORT_DISABLE_ALL,
}
_TYPES = {"float": "float32", "double": "float64", "float16": "float16", "bfloat16": "bfloat16", "bool": "bool"}
_CONVERSIONS = ("QuantizeLinear", "DequantizeLinear", "Cast")
_PROFILED_RUNS = 20


class OnnxRuntime:
    def load(self, model: str, precision: str, device: str, options: Mapping[str, str]) -> Mapping[str, Any]:
        self._binding = self._session = None
        known = Options(options, "threads", "spinning", "graph_optimization", "provider")
        self._model, self._precision = model, precision
        self._threads = known.number("threads", processors())
        self._spinning = known.text("spinning", "0", "0", "1")
        self._level = known.text("graph_optimization", "all", *_LEVELS)
        self._place, self._index, self._providers = _place(device, precision, known)
        self._session = self._open(profile=None)
        used = self._session.get_providers()
        if used[0] != self._providers[0][0]:
            raise Failure("UNSUPPORTED", f"asked for {self._providers[0][0]}, ONNX Runtime went on with {used[0]}")
        self._ports = [_port(value) for value in self._session.get_inputs()]
        applied = self._session.get_session_options()
        settings = {
            "runtime": f"onnxruntime {ort.__version__}",
            "device": device or "cpu",
            "provider": used[0],
            "threads": str(applied.intra_op_num_threads),
            "spinning": applied.get_session_config_entry("session.intra_op.allow_spinning"),
            "graph_optimization": self._level,
        }
        for key, value in self._session.get_provider_options().get(used[0], {}).items():
            if key in ("device_id", "use_tf32", "trt_fp16_enable", "trt_int8_enable"):
                settings[key] = str(value)
        return {"bytes": Path(model).stat().st_size, "settings": settings}

    def _open(self, profile: Optional[Path]) -> ort.InferenceSession:
        options = ort.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.graph_optimization_level = _LEVELS[self._level]
        options.add_session_config_entry("session.intra_op.allow_spinning", self._spinning)
        if self._place != "cpu":
            # Else nodes that the device cannot run would go to the CPU, and nothing would say so.
            options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
        if profile is not None:
            options.enable_profiling = True
            options.profile_file_prefix = str(profile)
        try:
            # The Python class would try other providers by itself, and then speak of those in its error.
            return ort.InferenceSession(self._model, options, providers=self._providers, enable_fallback=0)
        except Exception as error:  # ONNX Runtime's own types are not public
            raise _refusal(error, self._model, self._place) from None

    def prepare(self, batch: int, inputs: Sequence[Mapping[str, Any]]) -> None:
        self._binding = None
        arrays = fill(self._ports, batch, inputs)
        self._binding = self._bind(self._session, arrays)
        self._step()
        for value, port in zip(self._binding.get_outputs(), self._session.get_outputs()):
            if not value.shape() or value.shape()[0] != batch:
                raise Failure(
                    "UNSUPPORTED", f"output {port.name} has the shape {value.shape()} at a batch of {batch}"
                )

    def _bind(self, session: ort.InferenceSession, arrays: Mapping[str, np.ndarray]) -> ort.IOBinding:
        binding = session.io_binding()
        for name, array in arrays.items():
            binding.bind_ortvalue_input(name, ort.OrtValue.ortvalue_from_numpy(array, self._place, self._index))
        for output in session.get_outputs():
            binding.bind_output(output.name, self._place, self._index)
        self._arrays = arrays  # on the CPU the bound values lie in them
        return binding

    def step(self, mark: Mark) -> None:
        mark("execute", self._step)

    def _step(self) -> None:
        self._session.run_with_iobinding(self._binding)
        if self._place != "cpu":
            self._binding.synchronize_outputs()

    def outputs(self) -> Mapping[str, np.ndarray]:
        self._step()
        names = [output.name for output in self._session.get_outputs()]
        return dict(zip(names, self._binding.copy_outputs_to_cpu()))

    def execution(self) -> Mapping[str, Any]:
        """Where and in which types the kernels run, from a session of its own: profiling slows a session for good."""
        with tempfile.TemporaryDirectory() as folder:
            session = self._open(profile=Path(folder) / "profile")
            binding = self._bind(session, self._arrays)
            for _ in range(_PROFILED_RUNS):
                session.run_with_iobinding(binding)
            kernels = _kernels(Path(session.end_profiling()))
        providers = Counter(kernel["provider"] for kernel in kernels)
        settings = {"nodes": ", ".join(f"{name} {n // _PROFILED_RUNS}" for name, n in sorted(providers.items()))}
        if self._place != "cpu":
            return {"settings": settings}  # a profile times the launch of a device's kernels, not their work
        shares: Counter[str] = Counter()
        for kernel in kernels:
            shares[kernel["type"]] += kernel["duration"]
        total = sum(shares.values())
        executed = {name: time / total for name, time in shares.items()} if total else {}
        notes = []
        computing = 1 - executed.get("conversion", 0)
        if self._precision.startswith("int8") and executed.get("int8", 0) < 0.5 * computing:
            notes.append("The precision fell back: less than half of the kernel time without conversions is int8.")
        if self._precision.startswith("fp16") and executed.get("float16", 0) < 0.5 * computing:
            notes.append("The precision fell back: less than half of the kernel time without conversions is float16.")
        return {"executed": executed, "settings": settings, "notes": notes}

    def failure(self, error: Exception) -> Optional[Failure]:
        text = str(error)
        if any(sign in text for sign in ("Failed to allocate memory", "bad_alloc", "out of memory", "ALLOC_FAILED")):
            return Failure("OUT_OF_MEMORY", f"ONNX Runtime: {text.splitlines()[0]}")
        if "CUDA failure" in text:
            return Failure("DEVICE_LOST", f"ONNX Runtime: {text.splitlines()[0]}", fatal=True)
        return None


def _place(device: str, precision: str, known: Options) -> tuple[str, int, list[tuple[str, dict[str, Any]]]]:
    """Kind and number of the device, and the providers to ask for."""
    kind, _, number = (device or "cpu").partition(":")
    provider = known.text("provider", "cpu" if kind in ("cpu", "default") else "cuda", "cpu", "cuda", "tensorrt")
    if kind in ("cpu", "default"):
        if provider != "cpu" or precision == "tf32":
            raise Failure("UNSUPPORTED", f"{provider if provider != 'cpu' else precision} needs the device cuda:N")
        return "cpu", 0, [("CPUExecutionProvider", {})]
    if kind != "cuda" or not (number or "0").isdigit():
        raise Failure("UNSUPPORTED", f"the device is cpu or cuda:N, not {device}")
    if provider == "cpu":
        raise Failure("INVALID_INPUT", f"provider cpu does not run on {device}")
    name = {"cuda": "CUDAExecutionProvider", "tensorrt": "TensorrtExecutionProvider"}[provider]
    if name not in ort.get_available_providers():
        raise Failure(
            "UNSUPPORTED",
            f"this build of ONNX Runtime has no {name}, only {', '.join(ort.get_available_providers())}:"
            " install onnxruntime-gpu instead of onnxruntime",
        )
    # With `pip install onnxruntime-gpu[cuda,cudnn]` CUDA lies where the loader does not look.
    getattr(ort, "preload_dlls", lambda: None)()
    index = int(number or "0")
    if provider == "cuda":
        # Set always: the provider computes fp32 in tf32 where nobody says otherwise.
        return "cuda", index, [(name, {"device_id": index, "use_tf32": int(precision == "tf32")})]
    if precision == "tf32":
        raise Failure("UNSUPPORTED", "tf32 is offered with provider: cuda only")
    os.environ.setdefault("NVIDIA_TF32_OVERRIDE", "0")  # TensorRT, too, computes fp32 in tf32 by default
    return "cuda", index, [(name, {"device_id": index})]


def _refusal(error: Exception, model: str, place: str) -> Failure:
    text = str(error).splitlines()[0]
    if place != "cpu" and ("fallback" in text or "CUDA" in text or "provider" in text.lower()):
        return Failure(
            "UNSUPPORTED",
            "ONNX Runtime does not run the whole network on the device: there is a node that the provider cannot run, or"
            f" the provider did not load (it writes why to stderr): {text}",
        )
    return Failure("BAD_MODEL", f"ONNX Runtime cannot load {model}: {text}")


def _port(value: Any) -> Port:
    kind = value.type[len("tensor(") : -1]
    if not value.type.startswith("tensor(") or kind == "string":
        raise Failure("UNSUPPORTED", f"input {value.name} cannot be filled: it is {value.type}")
    return Port(value.name, value.shape, _TYPES.get(kind, kind))


def _kernels(profile: Path) -> list[dict[str, Any]]:
    """Each run of a kernel: its provider, the type that it worked on, and its microseconds."""
    kernels = []
    for event in json.loads(profile.read_text()):
        facts = event.get("args", {})
        if facts.get("op_name") and event.get("name", "").endswith("_kernel_time"):
            kernels.append(
                {
                    "provider": facts.get("provider", "?"),
                    "type": _kernel_type(facts["op_name"], facts.get("input_type_shape", [])),
                    "duration": float(event.get("dur", 0)),
                }
            )
    return kernels


def _kernel_type(operator: str, operands: Sequence[Mapping[str, Any]]) -> str:
    if operator.endswith(_CONVERSIONS):
        return "conversion"
    if operator.startswith(("QLinear", "QGemm")) or operator.endswith("Integer"):
        return "int8"
    for operand in operands:
        for name in operand:
            return "int8" if name in ("int8", "uint8") else _TYPES.get(name, name)
    return "other"


if __name__ == "__main__":
    serve(
        OnnxRuntime,
        name="onnxruntime",
        version=ort.__version__,
        phases=["execute"],
        framework={"name": "onnxruntime", "version": ort.__version__},
    )
