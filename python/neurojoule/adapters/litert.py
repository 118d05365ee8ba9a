"""LiteRT (formerly TensorFlow Lite) on the CPU: `python -m neurojoule.adapters.litert`.

A `.tflite` file has its batch inside: give one file for each, and write `{batch}` where the number stands in its name.

Options: `file` (instead of the experiment's artefact, e.g. `net-b{batch}.tflite`) and `threads` (all that the process
may use by default).
"""

from __future__ import annotations

import importlib.metadata
import os
from pathlib import Path
from typing import Any, Mapping, Optional, Sequence

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from neurojoule.adapters.options import Options, processors
from neurojoule.inputs import Port, fill
from neurojoule.protocol import Failure, Mark, serve

_VERSION = importlib.metadata.version("ai-edge-litert")


class LiteRt:
    def load(self, model: str, precision: str, device: str, options: Mapping[str, str]) -> Mapping[str, Any]:
        self._interpreter: Any = None
        known = Options(options, "file", "threads")
        if (device or "cpu") not in ("cpu", "default"):
            raise Failure("UNSUPPORTED", f"this adapter runs LiteRT on the cpu, not on {device}")
        self._path = known.artefact(model)
        self._threads = known.number("threads", processors())
        return {"settings": {"runtime": f"litert {_VERSION}", "device": "cpu"}}

    def prepare(self, batch: int, inputs: Sequence[Mapping[str, Any]]) -> None:
        self._interpreter = None
        path = self._path.replace("{batch}", str(batch))
        if not Path(path).is_file():
            raise Failure("UNSUPPORTED", f"there is no {path}: a batch needs a file of its own")
        before = _threads()
        try:
            interpreter = Interpreter(path, num_threads=self._threads)
            interpreter.allocate_tensors()
        except (RuntimeError, ValueError) as error:
            raise Failure("BAD_MODEL", f"LiteRT cannot load {path}: {str(error).splitlines()[0]}") from None
        details = interpreter.get_input_details()
        ports = [Port(d["name"], [int(n) for n in d["shape"]], np.dtype(d["dtype"]).name) for d in details]
        # The converter renames inputs; where there is one, its name is not asked for.
        unnamed = [{**spec, "name": ""} for spec in inputs] if len(ports) == 1 else inputs
        arrays = fill(ports, batch, unnamed)
        for detail in details:
            interpreter.set_tensor(detail["index"], arrays[detail["name"]])
        interpreter.invoke()
        for detail in interpreter.get_output_details():
            if len(detail["shape"]) == 0 or detail["shape"][0] != batch:
                raise Failure(
                    "UNSUPPORTED", f"output {detail['name']} has the shape {list(detail['shape'])}, not {batch} first"
                )
        self._interpreter, self._file = interpreter, path
        self._started = _threads() - before

    def step(self, mark: Mark) -> None:
        mark("execute", self._interpreter.invoke)

    def outputs(self) -> Mapping[str, np.ndarray]:
        self._interpreter.invoke()
        return {d["name"]: self._interpreter.get_tensor(d["index"]) for d in self._interpreter.get_output_details()}

    def execution(self) -> Mapping[str, Any]:
        types = {np.dtype(d["dtype"]).name for d in self._interpreter.get_tensor_details()}
        return {
            "settings": {
                "dtype": "+".join(sorted(types - {"int32", "int64", "bool"})),
                # LiteRT does not tell: counted are the calling thread, and those that appeared with the network.
                "threads": str(1 + self._started),
                "threads_asked": str(self._threads),
                "file": Path(self._file).name,
            }
        }

    def failure(self, error: Exception) -> Optional[Failure]:
        if isinstance(error, RuntimeError) and "allocate" in str(error).lower():
            return Failure("OUT_OF_MEMORY", f"LiteRT: {str(error).splitlines()[0]}")
        return None


def _threads() -> int:
    return len(os.listdir("/proc/self/task"))


if __name__ == "__main__":
    serve(
        LiteRt,
        name="litert",
        version=_VERSION,
        phases=["execute"],
        framework={"name": "litert", "version": _VERSION},
    )
