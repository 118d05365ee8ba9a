"""The workload's side of NWP 1, Neurojoule's protocol of JSON lines over stdin and stdout.

Needs nothing but Python's standard library, so that this one file can also be copied beside an adapter.
"""

from __future__ import annotations

import array
import json
import os
import random
import select
import sys
import tempfile
import time
import traceback
from itertools import repeat
from typing import Any, Callable, Iterable, Mapping, Optional, Protocol, Sequence

VERSION = 1

#: CLOCK_MONOTONIC on Linux, the clock of the profiler too.
now = time.monotonic_ns

#: `mark(phase, function, *arguments)` calls the function and returns its value; where phases are timed, the time goes
#: to that phase.
Mark = Callable[..., Any]

_STOP_POLL_NS = 50_000_000
#: A phase that lasts this long is told one by one, so that its energy can be cut out of the readings.
_LONG_PHASE_NS = 10_000_000
_SHORT_CHUNK_NS = 500_000
_LONG_CHUNK_NS = 5_000_000
_LONGEST_LINE = 1 << 20
_FOREVER = 1 << 62


class Failure(Exception):
    """A complaint that the profiler understands.

    `code` is one of UNSUPPORTED (a hole in the sweep: a precision, batch or device that is not offered),
    OUT_OF_MEMORY, INVALID_INPUT, BAD_MODEL, DEVICE_BUSY, DEVICE_LOST, INTERNAL. After a `fatal` one the process is
    started again.
    """

    def __init__(self, code: str, message: str, fatal: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.fatal = fatal


class Workload(Protocol):
    """What `serve` needs of a network. Optional, and offered to the profiler only where the class has them:

    - `outputs()`: the outputs of one step on the prepared inputs, a mapping of names to arrays or nested lists;
      they are compared between artefacts, and before and after each measured window;
    - `execution()`: what was really executed on the prepared inputs, a mapping with any of `executed` (shares of the
      run time by data type), `settings` (name to text), `notes` (sentences);
    - `only(phase)`: runs one phase of the step alone;
    - `failure(error)`: the `Failure` that an exception of the framework stands for, or None.
    """

    def load(
        self, model: str, precision: str, device: str, options: Mapping[str, str]
    ) -> Optional[Mapping[str, Any]]:
        """Loads an artefact in one precision; may come again with another.

        May return any of `params`, `macs`, `bytes` (whole numbers), `settings` (what really applies: threads, device,
        data type, versions; name to text), `executed`, `notes` and `marks`: what it consisted of, each a `name` with
        `t0` and `t1` of `now()`, whose energy is then told apart.
        """

    def prepare(self, batch: int, inputs: Sequence[Mapping[str, Any]]) -> None:
        """Makes the inputs of one batch; may come again with another. Raises `Failure` if it cannot be had."""

    def step(self, mark: Mark) -> None:
        """Runs one batch; returns when the device has finished."""


def serve(workload: Callable[[], Workload], **capabilities: Any) -> None:
    """Answers the profiler until it says `close` or goes away.

    `workload` makes the network, usually its class. `capabilities` go into the answer to `hello`: `name`, `version`,
    `precisions`, `phases`, `isolable`, `element`, `framework={"name": …, "version": …}`. From here on, whatever the
    process prints goes to stderr, and its stdin is empty: both pipes belong to the protocol.
    """
    requests, answers = os.dup(0), os.dup(1)
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    _Server(workload(), requests, answers, capabilities).serve()


class _Lines:
    """Requests, one a line."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._buffer = b""

    def next(self) -> Optional[bytes]:
        """The next line; None at the end of the input."""
        while b"\n" not in self._buffer:
            more = os.read(self._descriptor, 65536)
            if not more or len(self._buffer) > _LONGEST_LINE:
                return None
            self._buffer += more
        line, self._buffer = self._buffer.split(b"\n", 1)
        return line

    def waiting(self) -> bool:
        """Whether something has come; does not wait."""
        return b"\n" in self._buffer or bool(select.select([self._descriptor], [], [], 0)[0])


class _Server:
    def __init__(self, workload: Any, requests: int, answers: int, capabilities: Mapping[str, Any]) -> None:
        self._workload = workload
        self._lines = _Lines(requests)
        self._answers = answers
        self._capabilities = capabilities
        self._phases: Sequence[str] = tuple(capabilities.get("phases", ()))
        self._loaded = False
        self._batch = 0
        self._dir = os.environ.get("NEUROJOULE_DIR", tempfile.gettempdir())

    def serve(self) -> None:
        line = self._lines.next()
        while line is not None:
            request = _message(line)
            if request is not None:
                self._put(self._answer(request))
                if request["op"] == "close":
                    return
            line = self._lines.next()

    def _put(self, answer: Mapping[str, Any]) -> None:
        data = (json.dumps(answer, separators=(",", ":"), allow_nan=False) + "\n").encode()
        while data:  # once, unless a signal cuts it
            data = data[os.write(self._answers, data) :]

    def _answer(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        answer = {"re": request["id"], "ok": True}
        try:
            answer.update(self._do(request["op"], request) or {})
            return answer
        except Exception as error:  # whatever it is, the profiler must be told
            failure = self._failure(error)
            if failure.code == "INTERNAL":
                traceback.print_exc()
            answer["ok"] = False
            answer["error"] = {"code": failure.code, "message": str(failure)[:2000], "fatal": failure.fatal}
            return answer

    def _failure(self, error: Exception) -> Failure:
        if isinstance(error, Failure):
            return error
        told = self._workload.failure(error) if hasattr(self._workload, "failure") else None
        if told is not None:
            return told
        if isinstance(error, MemoryError):
            return Failure("OUT_OF_MEMORY", str(error) or "out of memory")
        if isinstance(error, NotImplementedError):
            return Failure("UNSUPPORTED", str(error) or "not implemented")
        return Failure("INTERNAL", f"{type(error).__name__}: {error}")

    def _do(self, op: str, request: Mapping[str, Any]) -> Optional[Mapping[str, Any]]:
        if op == "hello":
            return self._hello(request)
        if op == "load":
            self._loaded, self._batch = False, 0
            told = self._workload.load(
                request.get("model", ""),
                request.get("precision", "default"),
                request.get("device", "cpu"),
                request.get("options", {}),
            )
            self._loaded = True
            return self._marked(told)
        if op == "prepare":
            return self._prepare(request)
        if op == "run":
            return self._run(request)
        if op == "verify":
            return self._verify(request)
        if op in ("stop", "unload", "close"):
            return None
        raise Failure("UNKNOWN_OP", str(op))

    def _marked(self, told: Optional[Mapping[str, Any]]) -> Mapping[str, Any]:
        """Tells the marks of a load before its answer, which is the rest."""
        answer = dict(told or {})
        for mark in answer.pop("marks", ()):
            self._put({"ev": "mark", **mark})
        return answer

    def _hello(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        self._dir = request.get("dir") or self._dir
        return {
            "nwp": VERSION,
            "mono_ns": now(),
            "pid": os.getpid(),
            "stoppable": True,
            "verify": hasattr(self._workload, "outputs"),
            "paced": True,
            **self._capabilities,
        }

    def _prepare(self, request: Mapping[str, Any]) -> None:
        if not self._loaded:
            raise Failure("INVALID_INPUT", "prepare before load")
        batch = request.get("batch")
        if not isinstance(batch, int) or batch < 1:
            raise Failure("INVALID_INPUT", f"batch must be a whole number >= 1: {batch}")
        self._batch = 0
        self._workload.prepare(batch, request.get("inputs") or [i for i in [request.get("input")] if i])
        self._batch = batch

    def _verify(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        self._require_prepared("verify")
        if not hasattr(self._workload, "outputs"):
            raise Failure("UNSUPPORTED", "it does not offer its outputs")
        tensors = {name: _doubles(value) for name, value in self._workload.outputs().items()}
        descriptor, path = tempfile.mkstemp(prefix="outputs-", suffix=".f64", dir=self._dir)
        with os.fdopen(descriptor, "wb") as file:
            for _, data in tensors.values():
                file.write(data)
        answer = {
            "outputs": [{"name": name, "shape": list(shape)} for name, (shape, _) in tensors.items()],
            "file": os.path.basename(path),
        }
        if hasattr(self._workload, "execution") and request.get("execution", True):
            answer.update(self._workload.execution())
        return answer

    def _require_prepared(self, op: str) -> None:
        if not self._batch:
            raise Failure("INVALID_INPUT", f"{op} before prepare")

    def _run(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        self._require_prepared("run")
        timing = request.get("timing", "bare")
        if "rate" in request:
            if timing == "phases":
                raise Failure("UNSUPPORTED", "phases are timed in steps one after another, not at a rate")
            return self._run_at_rate(request)
        spent = dict.fromkeys(self._phases, 0)
        entered = dict.fromkeys(self._phases, 0)

        def timed(phase: str, function: Callable[..., Any], *arguments: Any) -> Any:
            start = now()
            value = function(*arguments)
            end = now()
            spent[phase] = spent.get(phase, 0) + end - start
            entered[phase] = entered.get(phase, 0) + 1
            if end - start >= _LONG_PHASE_NS:
                self._put({"ev": "mark", "name": phase, "t0": start, "t1": end})
            return value

        step, argument = self._step(request.get("phase")), timed if timing == "phases" else _untimed
        if request.get("phase") is not None:
            argument = request["phase"]
        length = int(request["seconds"] * 1e9)
        least = request.get("min_iterations", 1)
        most = request.get("max_iterations", _FOREVER)
        histogram: dict[int, int] = {}
        n, chunk = 0, 1
        start = last = looked = now()
        while n < most and (last - start < length or n < least):
            steps = min(chunk, most - n)
            for _ in repeat(None, steps):
                step(argument)
            end = now()
            n += steps
            if timing == "bare":
                if end - last < _SHORT_CHUNK_NS:
                    chunk *= 2
                elif end - last > _LONG_CHUNK_NS:
                    chunk = max(1, chunk // 2)
            elif timing == "latency":
                key = _bucket(end - last)
                histogram[key] = histogram.get(key, 0) + 1
            last = end
            if last - looked > _STOP_POLL_NS:
                looked = last
                if self._lines.waiting():
                    break
        answer: dict[str, Any] = {"iterations": n, "elements": n * self._batch, "t0": start, "t1": last}
        if histogram:
            answer["hist"] = histogram
        if timing == "phases":
            answer["phase_ns"], answer["phase_n"] = spent, entered
        return answer

    def _run_at_rate(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Steps at the times of a Poisson process; a latency counts from the time at which its step was due."""
        step, argument = self._step(request.get("phase")), request.get("phase") or _untimed
        times = random.Random(request.get("seed", 0))
        rate = request["rate"] * 1e-9
        least = request.get("min_iterations", 1)
        most = request.get("max_iterations", _FOREVER)
        histogram: dict[int, int] = {}
        n = 0
        start = now()
        end = start + int(request["seconds"] * 1e9)
        due = start + times.expovariate(rate)
        stopped = False
        while n < most and not stopped:
            over = due >= end and n >= least
            stopped = not self._wait(end if over else int(due))
            if over or stopped or (now() >= end and n >= least):
                break
            step(argument)
            n += 1
            key = _bucket(now() - int(due))
            histogram[key] = histogram.get(key, 0) + 1
            due += times.expovariate(rate)
        last = now()
        dropped = 0
        while due < end <= last and n < most:
            dropped += 1
            due += times.expovariate(rate)
        if not n:
            raise Failure("INTERNAL", "stopped before the first step was due")
        answer = {"iterations": n, "elements": n * self._batch, "t0": start, "t1": last, "hist": histogram}
        return {**answer, "counts": {"dropped": dropped}} if dropped else answer

    def _wait(self, until: int) -> bool:
        """Returns when the time has come; False if it was asked to stop meanwhile."""
        while (left := until - now()) > 0:
            if self._lines.waiting():
                return False
            time.sleep(min(left, _STOP_POLL_NS) * 1e-9)
        return True

    def _step(self, phase: Optional[str]) -> Callable[[Any], Any]:
        if phase is None:
            return self._workload.step
        if not hasattr(self._workload, "only"):
            raise Failure("UNSUPPORTED", f"it cannot run the phase {phase} alone")
        return self._workload.only


def _message(line: bytes) -> Optional[Mapping[str, Any]]:
    """The request in a line; None if it is none."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None
    known = isinstance(message, dict) and "op" in message and type(message.get("id")) is int
    return message if known else None


def _untimed(phase: str, function: Callable[..., Any], *arguments: Any) -> Any:
    return function(*arguments)


def _bucket(nanoseconds: int) -> int:
    """The bucket of a latency: 32·e + the next 5 bits, e the bit length; at most 3.2 % wide."""
    e = nanoseconds.bit_length()
    return 32 * e + (nanoseconds >> max(e - 6, 0) & 31)


def _doubles(value: Any) -> tuple[Sequence[int], bytes]:
    """Shape, and values in row-major order as little-endian doubles, of a NumPy array or of nested lists."""
    if hasattr(value, "astype"):
        return [int(extent) for extent in value.shape], value.astype("<f8").tobytes()
    shape = _shape(value)
    values = array.array("d", _flat(value))
    if len(values) != _product(shape):
        raise Failure("INTERNAL", "an output is a list of lists of different lengths")
    if sys.byteorder == "big":
        values.byteswap()
    return shape, values.tobytes()


def _shape(value: Any) -> list[int]:
    if not isinstance(value, (list, tuple)):
        return []
    return [len(value)] + (_shape(value[0]) if value else [])


def _flat(value: Any) -> Iterable[float]:
    if isinstance(value, (list, tuple)):
        for part in value:
            yield from _flat(part)
    else:
        yield float(value)


def _product(extents: Iterable[int]) -> int:
    product = 1
    for extent in extents:
        product *= extent
    return product
