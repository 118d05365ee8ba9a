"""Apache TVM (Relax) on the CPU: `python -m neurojoule.adapters.tvm`.

An ONNX file is compiled for each batch, *not tuned*, which is far from what TVM can do: its kernels are then plain
loops on one thread. `python -m neurojoule.adapters.tvm tune MODEL.onnx --batch N --output FILE.so` searches for better
kernels (minutes to hours), and the option `file` runs what it found. The report says which of the two it was.

Options: `file` (a compiled `.so` instead of the experiment's artefact; `{batch}` stands for the batch) and `threads` (of
TVM's pool, all that the process may use by default).
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any, Mapping, Optional, Sequence

import numpy as np

from neurojoule.adapters.options import Options, processors
from neurojoule.inputs import Port, fill
from neurojoule.protocol import Failure, Mark, serve

_VERSION = importlib.metadata.version("apache-tvm")
_THREADS = "TVM_NUM_THREADS"


class Tvm:
    def load(self, model: str, precision: str, device: str, options: Mapping[str, str]) -> Mapping[str, Any]:
        self._main: Any = None
        known = Options(options, "file", "threads")
        if (device or "cpu") not in ("cpu", "default"):
            raise Failure("UNSUPPORTED", f"this adapter compiles for the cpu, not for {device}")
        self._path = known.artefact(model)
        threads = str(known.number("threads", processors()))
        if "tvm" in sys.modules and os.environ.get(_THREADS) != threads:
            raise Failure("INVALID_INPUT", "TVM takes the number of threads when it starts, and never another")
        os.environ[_THREADS] = threads  # read once, when TVM's pool starts
        import tvm

        if not self._path.endswith(".so"):
            _read(self._path)
        return {"settings": {"runtime": f"tvm {tvm.__version__}", "device": "cpu"}}

    def prepare(self, batch: int, inputs: Sequence[Mapping[str, Any]]) -> None:
        import tvm
        from tvm import relax

        self._main = None
        path = self._path.replace("{batch}", str(batch))
        with tempfile.TemporaryDirectory() as folder:
            if path.endswith(".so"):
                if not Path(path).is_file():
                    raise Failure("UNSUPPORTED", f"there is no {path}: a batch needs a file of its own")
                library, self._how = path, _told(path)
            else:
                library, self._how = str(Path(folder) / "network.so"), {"tuned": "no"}
                _compile(path, batch, library)
            loaded = tvm.runtime.load_module(library)
            self._device = tvm.cpu(0)
            machine = relax.VirtualMachine(loaded, self._device)
        ports, self._outputs = self._signature(path)
        arrays = fill(ports, batch, inputs)
        self._x = [tvm.runtime.tensor(arrays[port.name], self._device) for port in ports]
        self._main = machine["main"]
        try:
            self._step()
        except RuntimeError as error:
            self._main = None
            raise Failure("UNSUPPORTED", f"TVM: {str(error).strip().splitlines()[-1]}") from None
        for name, value in zip(self._outputs, self._values()):
            if value.ndim == 0 or value.shape[0] != batch:
                raise Failure("UNSUPPORTED", f"output {name} has the shape {value.shape} at a batch of {batch}")

    def _signature(self, path: str) -> tuple[list[Port], list[str]]:
        """Inputs and outputs: of the ONNX file, or those that the tuning wrote beside the library."""
        if not path.endswith(".so"):
            return _ports(_read(path))
        if "inputs" not in self._how:
            raise Failure("BAD_MODEL", f"{path}.json is missing: it says what the inputs are; `tune` writes it")
        return [Port(*port) for port in self._how["inputs"]], self._how["outputs"]

    def step(self, mark: Mark) -> None:
        mark("execute", self._step)

    def _step(self) -> None:
        self._y = self._main(*self._x)
        self._device.sync()

    def _values(self) -> list[np.ndarray]:
        many = not hasattr(self._y, "numpy")
        return [value.numpy() for value in (self._y if many else [self._y])]

    def outputs(self) -> Mapping[str, np.ndarray]:
        self._step()
        return dict(zip(self._outputs, self._values()))

    def execution(self) -> Mapping[str, Any]:
        import tvm

        tuned = str(self._how["tuned"])
        types = {value.dtype for value in self._x} | {str(value.dtype) for value in self._values()}
        notes = []
        if tuned == "no":
            notes.append("TVM's kernels are not tuned: its figure says little about TVM.")
        return {
            "settings": {
                "tuned": tuned,
                "threads": str(tvm.runtime.num_threads()),
                "dtype": "+".join(sorted(map(str, types))),
            },
            "notes": notes,
        }

    def failure(self, error: Exception) -> Optional[Failure]:
        if "Out of memory" in str(error) or "bad_alloc" in str(error):
            return Failure("OUT_OF_MEMORY", f"TVM: {str(error).strip().splitlines()[-1]}")
        return None


def _read(path: str) -> Any:
    import onnx

    try:
        return onnx.load(path)
    except Exception as error:  # onnx names no type of its own for a file that is none
        raise Failure("BAD_MODEL", f"cannot read {path}: {error}") from None


def _ports(model: Any) -> tuple[list[Port], list[str]]:
    import onnx

    weights = {tensor.name for tensor in model.graph.initializer}
    ports = []
    for value in model.graph.input:
        if value.name not in weights:
            kind = value.type.tensor_type
            shape = [d.dim_value if d.HasField("dim_value") else None for d in kind.shape.dim]
            ports.append(Port(value.name, shape, np.dtype(onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type)).name))
    return ports, [value.name for value in model.graph.output]


def _imported(path: str, batch: int) -> Any:
    """The network for one batch, in TVM's own form."""
    from tvm.relax.frontend.onnx import from_onnx

    model = _read(path)
    shapes = {}
    for port in _ports(model)[0]:
        shape = [batch if axis == 0 and extent is None else extent for axis, extent in enumerate(port.shape)]
        if None in shape:
            raise Failure("UNSUPPORTED", f"input {port.name}: only its first axis may be open, not {list(port.shape)}")
        shapes[port.name] = shape
    try:
        return from_onnx(model, shape_dict=shapes)
    except Exception as error:  # the importer raises whatever its operators do
        raise Failure("BAD_MODEL", f"TVM cannot import {path}: {type(error).__name__}: {error}") from None


def _target() -> Any:
    import tvm
    from tvm.target import codegen

    kind = {"kind": "llvm", "mcpu": codegen.llvm_get_system_cpu(), "num-cores": int(os.environ[_THREADS])}
    return tvm.target.Target(kind)


def _compile(path: str, batch: int, library: str) -> None:
    import tvm

    tvm.compile(_imported(path, batch), target=_target()).export_library(library)


def _told(library: str) -> Mapping[str, Any]:
    """What `tune` wrote beside a library."""
    beside = Path(library + ".json")
    return json.loads(beside.read_text()) if beside.is_file() else {"tuned": "not known"}


def tune(path: str, batch: int, library: str, trials: int) -> None:
    """Searches schedules for every kernel of the network, compiles it with the best, and writes it with its story.

    Needs `psutil` and `cloudpickle`, and a `tvm_ffi` older than 0.1.15, whose search ends in a segmentation fault.
    """
    import tvm
    from tvm import relax
    from tvm.s_tir.meta_schedule.relax_integration import tune_relax

    target = _target()
    module = _imported(path, batch)
    with target:
        for transform in (relax.transform.DecomposeOpsForInference(), relax.transform.CanonicalizeBindings()):
            module = transform(module)
        module = relax.get_pipeline("zero")(module)
    with tempfile.TemporaryDirectory() as database:
        # Random search: TVM's evolutionary one needs a cost model, and hours.
        tune_relax(
            module,
            params={},
            target=target,
            work_dir=database,
            max_trials_global=1_000_000,
            max_trials_per_task=trials,
            num_trials_per_iter=trials,
            strategy="replay-trace",
            cost_model="random",
        )
        with target:
            module = relax.transform.MetaScheduleApplyDatabase(database)(module)
    tvm.compile(module, target=target).export_library(library)
    ports, outputs = _ports(_read(path))
    story = {
        "tuned": f"{trials} trials for each kernel, batch {batch}, {os.environ[_THREADS]} threads",
        "inputs": [[port.name, [batch if e is None else e for e in port.shape], port.dtype] for port in ports],
        "outputs": outputs,
    }
    Path(library + ".json").write_text(json.dumps(story) + "\n")


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m neurojoule.adapters.tvm", description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command")
    tuning = commands.add_parser("tune", help="search for better kernels; without a command: speak the protocol")
    tuning.add_argument("model")
    tuning.add_argument("--batch", type=int, required=True)
    tuning.add_argument("--output", required=True, help="the library to write, NAME.so")
    tuning.add_argument("--trials", type=int, default=16, help="tries for each kernel (default: 16)")
    tuning.add_argument("--threads", type=int, default=processors())
    said = parser.parse_args()
    if said.command == "tune":
        os.environ[_THREADS] = str(said.threads)
        tune(said.model, said.batch, said.output, said.trials)
        return
    serve(Tvm, name="tvm", version=_VERSION, phases=["execute"], framework={"name": "tvm", "version": _VERSION})


if __name__ == "__main__":
    _main()
