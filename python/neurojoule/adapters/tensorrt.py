"""TensorRT 10 and 11 on a CUDA device: `python -m neurojoule.adapters.tensorrt`.

The artefact is an engine (`.plan`) that was built on this device by this version; the file decides the precision.
Inputs and outputs stay on the device: a step is the network alone, and ends when the device has finished. With the
option `copies: 1` a step also brings the inputs there and the outputs back.

NOT RUN on a device yet: tested against a stand-in, whose names and signatures are those of NVIDIA's own bindings.

Options: `copies` (0 or 1; 0 by default).
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any, Mapping, Optional, Sequence

import numpy as np
import tensorrt as trt
from cuda.bindings import runtime as cuda

from neurojoule.adapters.options import Options
from neurojoule.inputs import Port, fill
from neurojoule.protocol import Failure, Mark, serve


class TensorRt:
    def __init__(self) -> None:
        self._memory: dict[str, int] = {}
        self._host: dict[str, np.ndarray] = {}
        self._stream: Any = None

    def load(self, model: str, precision: str, device: str, options: Mapping[str, str]) -> Mapping[str, Any]:
        self._forget()
        self._context = self._engine = None
        self._copies = Options(options, "copies").text("copies", "0", "0", "1") == "1"
        card = _select(device)
        if self._stream is None:
            self._stream = _done(cuda.cudaStreamCreate())
        self._runtime = trt.Runtime(trt.Logger(trt.Logger.WARNING))  # the engine needs it as long as it lives
        self._engine = self._runtime.deserialize_cuda_engine(Path(model).read_bytes())
        if self._engine is None:
            raise Failure(
                "BAD_MODEL",
                f"TensorRT {trt.__version__} cannot load {model}: an engine runs on the kind of device and the version"
                " that it was built with",
            )
        self._context = self._engine.create_execution_context()
        if self._context is None:
            raise Failure("OUT_OF_MEMORY", "TensorRT has no memory for an execution context")
        names = [self._engine.get_tensor_name(i) for i in range(self._engine.num_io_tensors)]
        self._inputs = [n for n in names if self._engine.get_tensor_mode(n) == trt.TensorIOMode.INPUT]
        self._outputs = [n for n in names if n not in self._inputs]
        return {
            "bytes": Path(model).stat().st_size,
            "settings": {
                "runtime": f"tensorrt {trt.__version__}",
                **card,
                "copies": str(int(self._copies)),
                **self._layers(),
            },
            "notes": [] if self._copies else ["Inputs and outputs stay on the device; no step copies."],
        }

    def _layers(self) -> Mapping[str, str]:
        """In which types the engine's layers leave their results, where it was built to tell."""
        inspector = self._engine.create_engine_inspector()
        told = json.loads(inspector.get_engine_information(trt.LayerInformationFormat.JSON))
        types: Counter[str] = Counter()
        for layer in told.get("Layers", []):
            for output in layer.get("Outputs", []) if isinstance(layer, dict) else []:
                types[str(output.get("Format/Datatype", "?")).split()[0]] += 1
        if not types:
            return {"dtype": "not told: build the engine with detailed profiling verbosity"}
        return {"dtype": ", ".join(f"{n} × {name}" for name, n in types.most_common())}

    def prepare(self, batch: int, inputs: Sequence[Mapping[str, Any]]) -> None:
        self._forget()
        ports = [Port(n, [int(e) for e in self._engine.get_tensor_shape(n)], self._type(n)) for n in self._inputs]
        for name, array in fill(ports, batch, inputs).items():
            self._require_in_profile(name, array.shape)
            if not self._context.set_input_shape(name, tuple(array.shape)):
                raise Failure("UNSUPPORTED", f"the engine does not take input {name} in the shape {array.shape}")
            self._host[name] = array
        for name in self._outputs:
            shape = tuple(int(extent) for extent in self._context.get_tensor_shape(name))
            if not shape or shape[0] != batch:
                raise Failure("UNSUPPORTED", f"output {name} has the shape {list(shape)} at a batch of {batch}")
            self._host[name] = np.empty(shape, self._type(name))
        for name, array in self._host.items():
            self._memory[name] = int(_done(cuda.cudaMalloc(max(1, array.nbytes))))
            if not self._context.set_tensor_address(name, self._memory[name]):
                raise Failure("INTERNAL", f"TensorRT does not take the memory of {name}")
        self._h2d()
        self._execute()
        self._d2h()

    def _type(self, name: str) -> str:
        kind = self._engine.get_tensor_dtype(name)
        try:
            return np.dtype(trt.nptype(kind)).name
        except TypeError:
            raise Failure("UNSUPPORTED", f"{name} is {kind}, which NumPy does not have") from None

    def _require_in_profile(self, name: str, shape: Sequence[int]) -> None:
        if -1 not in [int(extent) for extent in self._engine.get_tensor_shape(name)]:
            return
        least, _, most = self._engine.get_tensor_profile_shape(name, 0)
        if not all(int(low) <= n <= int(high) for low, n, high in zip(least, shape, most)):
            raise Failure(
                "UNSUPPORTED",
                f"the engine was built for input {name} from {list(least)} to {list(most)}, not for {list(shape)}",
            )

    def step(self, mark: Mark) -> None:
        if not self._copies:
            mark("execute", self._execute)
            return
        mark("h2d", self._h2d)
        mark("execute", self._execute)
        mark("d2h", self._d2h)

    def only(self, phase: str) -> None:
        {"h2d": self._h2d, "execute": self._execute, "d2h": self._d2h}[phase]()

    def _h2d(self) -> None:
        self._copy(self._inputs, cuda.cudaMemcpyKind.cudaMemcpyHostToDevice)

    def _execute(self) -> None:
        if not self._context.execute_async_v3(int(self._stream)):
            raise Failure("INTERNAL", "TensorRT did not run the engine; its log says why")
        _done(cuda.cudaStreamSynchronize(self._stream))

    def _d2h(self) -> None:
        self._copy(self._outputs, cuda.cudaMemcpyKind.cudaMemcpyDeviceToHost)

    def _copy(self, names: Sequence[str], kind: Any) -> None:
        for name in names:
            host, device = self._host[name].ctypes.data, self._memory[name]
            to_device = kind == cuda.cudaMemcpyKind.cudaMemcpyHostToDevice
            target, source = (device, host) if to_device else (host, device)
            _done(cuda.cudaMemcpyAsync(target, source, self._host[name].nbytes, kind, self._stream))
        _done(cuda.cudaStreamSynchronize(self._stream))

    def outputs(self) -> Mapping[str, np.ndarray]:
        self._execute()
        self._d2h()
        return {name: self._host[name] for name in self._outputs}

    def _forget(self) -> None:
        for address in self._memory.values():
            _done(cuda.cudaFree(address))
        self._memory, self._host = {}, {}


def _select(device: str) -> Mapping[str, str]:
    """Makes the device the one to use; what it is."""
    kind, _, number = device.partition(":")
    if kind != "cuda" or not (number or "0").isdigit():
        raise Failure("UNSUPPORTED", f"TensorRT runs on cuda:N, not on {device}")
    index = int(number or "0")
    error, count = cuda.cudaGetDeviceCount()
    if error != cuda.cudaError_t.cudaSuccess or index >= count:
        raise Failure("UNSUPPORTED", f"there is no {device} here: CUDA sees {count or 0} devices ({error.name})")
    _done(cuda.cudaSetDevice(index))
    card = _done(cuda.cudaGetDeviceProperties(index))
    raw = bytes(card.uuid.bytes).hex()
    uuid = "-".join((raw[:8], raw[8:12], raw[12:16], raw[16:20], raw[20:]))
    return {"device": f"cuda:{index} {card.name.decode()}", "device_uuid": f"GPU-{uuid}"}


def _done(answer: Any) -> Any:
    """The value of a call of the CUDA runtime, which comes behind its error."""
    error, *values = answer
    if error == cuda.cudaError_t.cudaErrorMemoryAllocation:
        raise Failure("OUT_OF_MEMORY", f"CUDA: {error.name}")
    if error != cuda.cudaError_t.cudaSuccess:
        raise Failure("DEVICE_LOST", f"CUDA: {error.name}", fatal=True)
    return values[0] if values else None


if __name__ == "__main__":
    serve(
        TensorRt,
        name="tensorrt",
        version=trt.__version__,
        phases=["h2d", "execute", "d2h"],
        isolable=["h2d", "execute", "d2h"],
        framework={"name": "tensorrt", "version": trt.__version__},
    )
