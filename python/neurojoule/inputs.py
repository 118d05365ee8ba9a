"""Inputs as the experiment file asks for them, with the same values in every runtime. Needs NumPy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Mapping, Optional, Sequence, Union

import numpy as np

from neurojoule.protocol import Failure

_GAMMA = 0x9E3779B97F4A7C15
_UNIFORM = re.compile(r"uniform\(\s*([^,\s]+)\s*,\s*([^)\s]+)\s*\)")


@dataclass(frozen=True)
class Port:
    """An input of a network.

    `shape` holds numbers, and anything else (a symbol, -1, None) where an extent is open; `dtype` is NumPy's name.
    """

    name: str
    shape: Sequence[Union[int, str, None]]
    dtype: str


def fill(ports: Sequence[Port], batch: int, said: Sequence[Mapping[str, Any]]) -> dict[str, np.ndarray]:
    """One array for each port, of `batch` elements along the first axis.

    `said` is what `prepare` brings: `name`, `shape`, `dtype`, `source` (`uniform(LOW, HIGH)`, a number, or a `.npy`
    file) and `seed` of an input. Without it floats are uniform in [0, 1) and integers 0. The random values are those
    of the profiler's own ONNX Runtime, bit for bit, so that outputs can be compared.
    """
    names = [port.name for port in ports]
    for spec in said:
        name = spec.get("name", "")
        if name not in names if name else len(ports) != 1:
            raise Failure("INVALID_INPUT", f"the network has no input '{name}'; it has {', '.join(names)}")
    return {port.name: _array(port, index, batch, _spec(port, said)) for index, port in enumerate(ports)}


def _spec(port: Port, said: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return next((spec for spec in said if spec.get("name", "") in ("", port.name)), {})


def _array(port: Port, index: int, batch: int, spec: Mapping[str, Any]) -> np.ndarray:
    if spec.get("dtype") and spec["dtype"] != port.dtype:
        raise Failure("INVALID_INPUT", f"input {port.name} is {port.dtype} in the network, not {spec['dtype']}")
    source = str(spec.get("source") or "")
    file = _numpy(port, source) if source.endswith(".npy") else None
    shape = _shape(port, batch, spec.get("shape") or [], file)
    count = int(np.prod(shape, dtype=np.int64))
    if file is not None:
        if file.size == 0 or count % file.size:
            raise Failure(
                "INVALID_INPUT",
                f"input {port.name} needs {count} values, and the {file.size} of the file do not fill them evenly",
            )
        return np.ascontiguousarray(np.resize(file, shape).astype(port.dtype))
    seed = int(spec.get("seed", 1)) ^ (index * _GAMMA)
    return np.ascontiguousarray(_values(port, source, count, seed).astype(port.dtype).reshape(shape))


def _values(port: Port, source: str, count: int, seed: int) -> np.ndarray:
    if not source:
        real = np.issubdtype(np.dtype(port.dtype), np.floating)
        return uniform(count, seed) if real else np.zeros(count)
    match = _UNIFORM.fullmatch(source)
    try:
        if not match:
            return np.full(count, float(source))
        low, high = float(match.group(1)), float(match.group(2))
    except ValueError:
        raise Failure(
            "INVALID_INPUT",
            f"input {port.name}: '{source}' is neither uniform(LOW, HIGH), nor a number, nor a .npy file",
        ) from None
    if not low < high:
        raise Failure("INVALID_INPUT", f"input {port.name}: {source} needs LOW < HIGH")
    return np.minimum(uniform(count, seed) * (high - low) + low, np.nextafter(high, low))


def uniform(count: int, seed: int) -> np.ndarray:
    """The first `nextDouble()` values of Java's `SplittableRandom(seed)`: uniform in [0, 1), in steps of 2⁻⁵³."""
    z = np.uint64(seed % 2**64) + np.uint64(_GAMMA) * np.arange(1, count + 1, dtype=np.uint64)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _shape(port: Port, batch: int, said: Sequence[Any], file: Optional[np.ndarray]) -> list[int]:
    rank = len(port.shape)
    if said and len(said) != rank:
        raise Failure("INVALID_INPUT", f"input {port.name} has {rank} axes; the shape given has {len(said)}")
    shape = []
    for axis, extent in enumerate(port.shape):
        fixed = extent if isinstance(extent, int) and extent >= 0 else None
        if said:
            wanted = batch if said[axis] == "N" else int(said[axis])
            if fixed is not None and fixed != wanted:
                code = "UNSUPPORTED" if said[axis] == "N" else "INVALID_INPUT"
                raise Failure(code, f"axis {axis} of input {port.name} is fixed to {fixed}; {wanted} cannot be run")
            shape.append(wanted)
        elif fixed is not None:
            if axis == 0 and fixed != batch:
                raise Failure(
                    "UNSUPPORTED", f"the batch of input {port.name} is fixed to {fixed}; {batch} cannot be run"
                )
            shape.append(fixed)
        elif axis == 0:
            shape.append(batch)
        elif file is not None and file.ndim == rank:
            shape.append(file.shape[axis])
        else:
            raise Failure("INVALID_INPUT", f"the shape of input {port.name} is open: say it, with N for the batch")
    return shape


def _numpy(port: Port, source: str) -> np.ndarray:
    try:
        return np.load(source, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise Failure("INVALID_INPUT", f"cannot read {source} for input {port.name}: {error}") from None
