"""FINN's dataflow accelerators on AMD FPGAs: `python -m neurojoule.adapters.finn`.

The artefact is the folder that FINN's builder writes: `driver/` (Python) or the program `finn` with its `config.json`
(C++), `bitfile/`, and where there are any, `runtime_weights/` and `report/`. The hardware takes one element at a time; a
batch is streamed through it.

The Python driver is called phase by phase: fold, pack, h2d, execute, d2h, unpack, unfold. Loading the bitfile and the
weights happens once, is marked apart, and is in no measured window. A step of the C++ driver is one run of its program,
which has no phases and loads the bitfile itself: that energy is inside every figure.

NOT RUN on a device: tested against a stand-in; the names and signatures are those of FINN's own `driver_base.py`.

Options: `driver` (`python` or `cpp`; `python` by default), `platform` (`alveo` by default, or `zynq-iodma`), `card`
(which of PYNQ's devices; 0 by default), `fclk_mhz`, `cycles_per_element`, `latency_cycles` (by default what `report/`
says), `bitfile` (by default the only one in `bitfile/`).
"""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Mapping, Optional, Sequence

import numpy as np

from neurojoule.adapters.options import Options
from neurojoule.inputs import Port, fill
from neurojoule.protocol import Failure, Mark, now, serve

PHASES = ["fold", "pack", "h2d", "execute", "d2h", "unpack", "unfold"]

#: A loop over one of these alone means something; folding and unfolding only give another view of the same bytes.
ISOLABLE = ["pack", "h2d", "execute", "d2h", "unpack"]

_MAX_PROGRAM_SECONDS = 600
_PCI = re.compile(r"([0-9a-fA-F]{4}:)?[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\.[0-7]")


class Finn:
    def __init__(self) -> None:
        self._driver: Any = None

    def load(self, model: str, precision: str, device: str, options: Mapping[str, str]) -> Mapping[str, Any]:
        self._driver = None
        known = Options(
            options,
            "driver",
            "platform",
            "card",
            "fclk_mhz",
            "cycles_per_element",
            "latency_cycles",
            "bitfile",
        )
        package = Path(model)
        if not package.is_dir():
            raise Failure("BAD_MODEL", f"{model} is no folder; the artefact is the one that FINN's builder writes")
        if known.text("driver", "python", "python", "cpp") == "cpp":
            ignored = sorted(set(options) & {"platform", "card", "fclk_mhz", "bitfile"})
            if ignored:
                raise Failure("INVALID_INPUT", f"{', '.join(ignored)}: the C++ driver takes these from its config.json")
            self._driver = CppDriver(package)
        else:
            self._driver = PythonDriver(package, known, device)
        estimate = _estimate(package)
        settings = {
            "driver": known.text("driver", "python"),
            **({} if known.text("driver", "python") == "cpp" else {"platform": known.text("platform", "alveo")}),
            "device": device,
            "hw_batch": "1",
            **self._driver.settings(),
        }
        for name, key in (("cycles_per_element", "max_cycles"), ("latency_cycles", "critical_path_cycles")):
            cycles = known.number(name, int(estimate.get(key, 0)), 0)
            if cycles:
                settings[name] = str(cycles)
        return {"settings": settings, "notes": self._driver.notes(), "marks": self._driver.marks()}

    def prepare(self, batch: int, inputs: Sequence[Mapping[str, Any]]) -> None:
        self._driver.prepare(batch, inputs)

    def step(self, mark: Mark) -> None:
        self._driver.step(mark)

    def only(self, phase: str) -> None:
        self._driver.only(phase)

    def outputs(self) -> Mapping[str, np.ndarray]:
        return self._driver.outputs()


class PythonDriver:
    """`FINNExampleOverlay` of the package's own `driver_base.py`, with the I/O that its `driver.py` describes."""

    def __init__(self, package: Path, options: Options, device: str) -> None:
        module = _driver_module(package)
        self._io: Mapping[str, Any] = module.io_shape_dict
        self._marks: list[Mapping[str, Any]] = []
        self._x: list[np.ndarray] = []
        card = options.number("card", 0, 0)
        self._overlay = _overlay(module, self._marks)(
            bitfile_name=str(_bitfile(package, options)),
            platform=options.text("platform", "alveo", "alveo", "zynq-iodma"),
            io_shape_dict=self._io,
            batch_size=1,
            fclk_mhz=_clock(options),
            device=_device(card, device),
            runtime_weight_dir=str(package / "driver" / "runtime_weights") + "/",
        )

    def settings(self) -> Mapping[str, str]:
        clock = self._overlay.fclk_mhz
        return {
            "idt": _types(self._io["idt"]),
            "odt": _types(self._io["odt"]),
            **({"fclk_mhz": f"{clock:g}"} if clock > 0 else {}),
        }

    def notes(self) -> list[str]:
        return ["The hardware's batch is 1; a batch is streamed through it."]

    def marks(self) -> list[Mapping[str, Any]]:
        return self._marks

    def prepare(self, batch: int, inputs: Sequence[Mapping[str, Any]]) -> None:
        overlay = self._overlay
        self._x = []
        overlay.batch_size = batch  # allocates the buffers of this size
        shapes = [overlay.ishape_normal(i) for i in range(overlay.num_inputs)]
        ports = [
            Port(f"input{i}", ["N", *shape[1:]], _container(overlay.idt(i))) for i, shape in enumerate(shapes)
        ]
        self._x = list(fill(ports, batch, [_unnamed(spec) for spec in inputs]).values())
        self.step(lambda phase, function, *arguments: function(*arguments))

    def step(self, mark: Mark) -> None:
        overlay = self._overlay
        inputs, outputs = range(len(self._x)), range(overlay.num_outputs)
        self._folded = [mark("fold", overlay.fold_input, self._x[i], i) for i in inputs]
        self._packed = [mark("pack", overlay.pack_input, self._folded[i], i) for i in inputs]
        for i in inputs:
            mark("h2d", overlay.copy_input_data_to_device, self._packed[i], i)
        mark("execute", overlay.execute_on_buffers)
        for o in outputs:
            mark("d2h", overlay.copy_output_data_from_device, overlay.obuf_packed[o], o)
        unpacked = [mark("unpack", overlay.unpack_output, overlay.obuf_packed[o], o) for o in outputs]
        self._y = [mark("unfold", overlay.unfold_output, unpacked[o], o) for o in outputs]

    def only(self, phase: str) -> None:
        overlay = self._overlay
        if phase == "execute":
            overlay.execute_on_buffers()
        elif phase in ("pack", "h2d"):
            for i in range(len(self._x)):
                if phase == "pack":
                    overlay.pack_input(self._folded[i], i)
                else:
                    overlay.copy_input_data_to_device(self._packed[i], i)
        elif phase in ("d2h", "unpack"):
            for o in range(overlay.num_outputs):
                if phase == "d2h":
                    overlay.copy_output_data_from_device(overlay.obuf_packed[o], o)
                else:
                    overlay.unpack_output(overlay.obuf_packed[o], o)
        else:
            raise Failure("UNSUPPORTED", f"the phase {phase} alone means nothing; there are {', '.join(ISOLABLE)}")

    def outputs(self) -> Mapping[str, np.ndarray]:
        self.step(lambda phase, function, *arguments: function(*arguments))
        return {f"output{o}": np.asarray(y, dtype=np.float64) for o, y in enumerate(self._y)}


class CppDriver:
    """finn-cpp-driver's program: one build for one network, which infers a `.npy` file in each run."""

    def __init__(self, package: Path) -> None:
        self._program = (package / "finn").resolve()
        self._config = package / "config.json"
        try:
            devices = json.loads(self._config.read_text())
            self._shape = [int(extent) for extent in devices[0]["idmas"][0]["normalShape"]]
            self._kernels = ", ".join(str(device.get("xclbinPath", "?")) for device in devices)
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise Failure("BAD_MODEL", f"{self._config} is not as finn-cpp-driver writes it: {error}") from None
        if not self._program.is_file():
            raise Failure("BAD_MODEL", f"there is no program {self._program}: build finn-cpp-driver for this network")
        told = dict(re.findall(r"^(input_t|output_t): (.*)$", self._run("--check", reports_success=False), re.M))
        self._types = {"idt": told.get("input_t", "not told"), "odt": told.get("output_t", "not told")}
        self._folder = tempfile.TemporaryDirectory(prefix="neurojoule-finn-")

    def settings(self) -> Mapping[str, str]:
        return {**self._types, "xclbin": self._kernels}

    def notes(self) -> list[str]:
        return ["A step is one run of the driver's program: its start and the loading of the bitfile are inside."]

    def marks(self) -> list[Mapping[str, Any]]:
        return []

    def prepare(self, batch: int, inputs: Sequence[Mapping[str, Any]]) -> None:
        kind = "int8" if not inputs else str(inputs[0].get("dtype") or "int8")
        arrays = fill([Port("input0", ["N", *self._shape[1:]], kind)], batch, [_unnamed(spec) for spec in inputs])
        self._batch = batch
        self._input = Path(self._folder.name, "x.npy")
        self._output = Path(self._folder.name, "y.npy")
        np.save(self._input, arrays["input0"])
        self._infer()

    def step(self, mark: Mark) -> None:
        self._infer()

    def _infer(self) -> None:
        self._output.unlink(missing_ok=True)
        self._run(
            *("--exec_mode", "execute", "--configpath", str(self._config), "--batchsize", str(self._batch)),
            *("--input", str(self._input), "--output", str(self._output)),
        )
        if not self._output.is_file():
            raise Failure("INTERNAL", "the driver says that it succeeded, and wrote no output")

    def _run(self, *arguments: str, reports_success: bool = True) -> str:
        """Its output. The program exits with 1 after success and 0 after a failure; with `--check` always with 0."""
        try:
            done = subprocess.run(
                [str(self._program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                timeout=_MAX_PROGRAM_SECONDS,
            )
        except subprocess.TimeoutExpired:
            raise Failure("DEVICE_LOST", f"the driver ran for more than {_MAX_PROGRAM_SECONDS} s", fatal=True) from None
        if done.returncode != (1 if reports_success else 0):
            lines = (done.stderr or done.stdout).strip().splitlines() or ["it says nothing"]
            raise Failure("INTERNAL", f"the driver failed (exit {done.returncode}): {lines[-1]}")
        return done.stdout

    def only(self, phase: str) -> None:
        raise Failure("UNSUPPORTED", "the C++ driver's program runs as a whole")

    def outputs(self) -> Mapping[str, np.ndarray]:
        self._infer()
        return {"output0": np.load(self._output, allow_pickle=False).astype(np.float64)}


def _driver_module(package: Path) -> Any:
    """The package's own `driver.py`: a description of the I/O, and `FINNExampleOverlay`."""
    folder = package / "driver"
    if not (folder / "driver.py").is_file():
        raise Failure("BAD_MODEL", f"there is no driver.py in {folder}")
    for name in ("driver", "driver_base"):  # of another package that was loaded before
        sys.modules.pop(name, None)
    sys.path.insert(0, str(folder.resolve()))
    try:
        return importlib.import_module("driver")
    except ImportError as error:
        raise Failure("BAD_MODEL", f"{folder}/driver.py cannot be imported: {error}") from None
    finally:
        sys.path.pop(0)


def _overlay(module: Any, marks: list[Mapping[str, Any]]) -> Any:
    """The package's driver, which tells when it loaded bitfile and weights."""

    class Marked(module.FINNExampleOverlay):  # type: ignore[misc]
        def __init__(self, *arguments: Any, **named: Any) -> None:
            self._loading = now()
            super().__init__(*arguments, **named)

        def load_external_weights(self) -> None:
            self._began = now()
            marks.append({"name": "load_bitfile", "t0": self._loading, "t1": self._began})
            super().load_external_weights()

        def load_runtime_weights(self, *arguments: Any, **named: Any) -> None:
            super().load_runtime_weights(*arguments, **named)
            marks.append({"name": "load_weights", "t0": self._began, "t1": now()})

    return Marked


def _device(card: int, name: str) -> Any:
    """PYNQ's device of this number; None, the driver's own choice, where PYNQ is not installed."""
    try:
        from pynq import Device
    except ImportError:
        if card:
            raise Failure("UNSUPPORTED", "PYNQ is not installed here, so there is only card 0") from None
        return None
    devices = Device.devices
    if card >= len(devices):
        raise Failure("UNSUPPORTED", f"PYNQ sees {len(devices)} device(s); there is no card {card}")
    told = str(getattr(getattr(devices[card], "device_info", None), "bdf", ""))
    if told and _PCI.fullmatch(name) and not told.lower().endswith(name.lower()[-7:]):
        raise Failure("INVALID_INPUT", f"PYNQ's card {card} is at {told}, not at {name}: another one would be measured")
    return devices[card]


def _bitfile(package: Path, options: Options) -> Path:
    said = options.text("bitfile", "")
    if said:
        return package / said
    files = [f for f in sorted(package.glob("bitfile/*")) if f.suffix in (".bit", ".xclbin")]
    if len(files) != 1:
        raise Failure("BAD_MODEL", f"{package}/bitfile holds {len(files)} bitfiles; name one with the option 'bitfile'")
    return files[0]


def _clock(options: Options) -> float:
    """In MHz; 0 leaves it as the bitfile has it, and then it is not known."""
    text = options.text("fclk_mhz", "0")
    try:
        clock = float(text)
    except ValueError:
        clock = -1.0
    if not 0 <= clock < 10_000:
        raise Failure("INVALID_INPUT", f"fclk_mhz is a number of megahertz: {text}")
    return clock


def _estimate(package: Path) -> Mapping[str, Any]:
    """What FINN's builder expects of the network, if its report is in the package."""
    file = package / "report" / "estimate_network_performance.json"
    return json.loads(file.read_text()) if file.is_file() else {}


def _container(kind: Any) -> str:
    """How the host holds values of a FINN type. Bytes for eight bits: FINN's driver then packs by a cast."""
    name = str(getattr(kind, "name", kind))
    return {"INT8": "int8", "UINT8": "uint8"}.get(name, "float32")


def _types(kinds: Sequence[Any]) -> str:
    return ", ".join(str(getattr(kind, "name", kind)) for kind in kinds)


def _unnamed(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    """Without layout and type, which the accelerator's own description has."""
    return {key: value for key, value in spec.items() if key in ("source", "seed")}


if __name__ == "__main__":
    serve(
        Finn,
        name="finn",
        element="frame",
        hw_batch=1,
        overlap=False,
        phases=PHASES,
        isolable=ISOLABLE,
        setup=["load_bitfile", "load_weights"],
    )
