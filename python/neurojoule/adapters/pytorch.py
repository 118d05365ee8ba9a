"""PyTorch, eager or compiled, on the CPU or a CUDA device: `python -m neurojoule.adapters.pytorch`.

The network is built from an ONNX file, operator by operator with its weights, as PyTorch functions. It stays on the
device: a step is the network alone, without copies between host and device, and ends when the device has finished.

Options: `threads` (of the CPU, all that the process may use by default) and `compile` (`off`, or a mode of
`torch.compile`: `default`, `reduce-overhead`, `max-autotune`, `max-autotune-no-cudagraphs`).
"""

from __future__ import annotations

import operator
from pathlib import Path
from typing import Any, Callable, Mapping, Optional, Sequence

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper

from neurojoule.adapters.options import Options, processors
from neurojoule.inputs import Port, fill
from neurojoule.protocol import Failure, Mark, serve

_TYPES = {"default": torch.float32, "fp32": torch.float32, "tf32": torch.float32, "fp16": torch.float16}
_TYPES["bf16"] = torch.bfloat16

#: The first CUDA compute capability whose hardware multiplies in this type.
_CAPABILITIES = {"tf32": (8, 0), "bf16": (8, 0)}


class PyTorch:
    def __init__(self) -> None:
        self._net: Any = None
        self._compile = "off"
        self._run: Any = None
        self._x: tuple[torch.Tensor, ...] = ()
        self._y: tuple[torch.Tensor, ...] = ()

    def load(self, model: str, precision: str, device: str, options: Mapping[str, str]) -> Mapping[str, Any]:
        self._forget()
        self._net = None
        known = Options(options, "threads", "compile")
        self._device = _device(device, precision)
        self._type = _type(precision)
        self._compile = known.text(
            "compile", "off", "off", "default", "reduce-overhead", "max-autotune", "max-autotune-no-cudagraphs"
        )
        torch.set_num_threads(known.number("threads", processors()))
        # Set always: cuDNN convolves fp32 in tf32 where nobody says otherwise.
        torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
        torch.backends.cudnn.allow_tf32 = precision == "tf32"
        net, self._ports, self._outputs = convert(model)
        self._net = net.to(device=self._device, dtype=self._type)
        return {
            "params": sum(weight.numel() for weight in net.buffers()),
            "bytes": Path(model).stat().st_size,
            "settings": self._settings(),
            "notes": [] if self._device.type == "cpu" else ["Inputs and outputs stay on the device; no step copies."],
        }

    def _settings(self) -> Mapping[str, str]:
        """What applies, read back from PyTorch."""
        types = {str(weight.dtype).removeprefix("torch.") for weight in self._net.buffers()}
        settings = {
            "runtime": f"pytorch {torch.__version__}",
            "dtype": "+".join(sorted(types)),
            "threads": str(torch.get_num_threads()),
            "compile": self._compile,
        }
        if self._device.type == "cuda":
            card = torch.cuda.get_device_properties(self._device)
            settings["device"] = f"{self._device} {card.name}"
            settings["capability"] = f"{card.major}.{card.minor}"
            if hasattr(card, "uuid"):
                settings["device_uuid"] = "GPU-" + str(card.uuid).removeprefix("GPU-")  # as NVML spells it
            settings["tf32_matmul"] = str(torch.backends.cuda.matmul.allow_tf32).lower()
            settings["tf32_convolution"] = str(torch.backends.cudnn.allow_tf32).lower()
            settings["cuda"] = str(torch.version.cuda)
            settings["cudnn"] = str(torch.backends.cudnn.version())
        else:
            settings["device"] = "cpu"
            settings["fp32_matmul"] = torch.get_float32_matmul_precision()
        return settings

    def prepare(self, batch: int, inputs: Sequence[Mapping[str, Any]]) -> None:
        self._forget()
        arrays = fill(self._ports, batch, inputs)
        with torch.inference_mode():
            tensors = [torch.from_numpy(arrays[port.name]) for port in self._ports]
            self._x = tuple(
                tensor.to(device=self._device, dtype=self._type if tensor.is_floating_point() else tensor.dtype)
                for tensor in tensors
            )
        self._run = self._net
        if self._compile != "off":
            # Anew for each batch: after eight recompilations PyTorch would go on without compiling, and not say so.
            torch.compiler.reset()
            self._run = torch.compile(self._net, mode=self._compile, dynamic=False, fullgraph=True)
        self._step()
        for name, y in zip(self._outputs, self._y):
            if y.device != self._device:
                raise Failure("INTERNAL", f"output {name} is on {y.device}, not on {self._device}", fatal=True)
            if y.is_floating_point() and y.dtype != self._type:
                raise Failure("INTERNAL", f"output {name} is {y.dtype}, not {self._type}", fatal=True)
            if y.ndim == 0 or y.shape[0] != batch:
                raise Failure("UNSUPPORTED", f"output {name} has the shape {list(y.shape)} at a batch of {batch}")

    def step(self, mark: Mark) -> None:
        mark("execute", self._step)

    def _step(self) -> None:
        with torch.inference_mode():
            self._y = self._run(*self._x)
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)

    def outputs(self) -> Mapping[str, np.ndarray]:
        self._step()
        return {name: y.to(device="cpu", dtype=torch.float64).numpy() for name, y in zip(self._outputs, self._y)}

    def failure(self, error: Exception) -> Optional[Failure]:
        text = str(error)
        if isinstance(error, torch.cuda.OutOfMemoryError) or "DefaultCPUAllocator" in text:
            self._forget()
            return Failure("OUT_OF_MEMORY", text.splitlines()[0])
        if "CUDA error" in text or "CUDNN_STATUS" in text:
            return Failure("DEVICE_LOST", text.splitlines()[0], fatal=True)
        if isinstance(error, RuntimeError) and "not implemented for" in text:
            return Failure("UNSUPPORTED", text.splitlines()[0])
        return None

    def _forget(self) -> None:
        """Gives back what the last batch needed, so that the next one finds the memory."""
        self._x, self._y, self._run = (), (), None
        if torch.cuda.is_initialized():
            torch.cuda.empty_cache()


def _type(precision: str) -> torch.dtype:
    if precision in _TYPES:
        return _TYPES[precision]
    raise Failure(
        "UNSUPPORTED",
        f"{precision}: this adapter casts the network to fp32, tf32, fp16 or bf16; PyTorch has no int8 convolution"
        " for CUDA, and on the CPU a quantized network is another network",
    )


def _device(name: str, precision: str) -> torch.device:
    """The device, after checking that it is there and computes in this precision."""
    kind, _, number = (name or "cpu").partition(":")
    if kind in ("cpu", "default"):
        if precision == "tf32":
            raise Failure("UNSUPPORTED", "tf32 is a type of CUDA devices; the CPU has none")
        return torch.device("cpu")
    if kind != "cuda" or not (number or "0").isdigit():
        raise Failure("UNSUPPORTED", f"the device is cpu or cuda:N, not {name}")
    if not torch.cuda.is_available():
        built = f"built for CUDA {torch.version.cuda}" if torch.version.cuda else "built without CUDA"
        raise Failure("UNSUPPORTED", f"PyTorch {torch.__version__} sees no CUDA device here ({built})")
    index = int(number or "0")
    if index >= torch.cuda.device_count():
        raise Failure("UNSUPPORTED", f"there is no {name}: PyTorch sees {torch.cuda.device_count()} CUDA device(s)")
    needed = _CAPABILITIES.get(precision, (0, 0))
    if torch.cuda.get_device_capability(index) < needed:
        raise Failure("UNSUPPORTED", f"{torch.cuda.get_device_name(index)} does not compute in {precision}")
    return torch.device("cuda", index)


def convert(path: str) -> tuple[torch.fx.GraphModule, list[Port], list[str]]:
    """The network in an ONNX file as a module, its inputs, and the names of its outputs.

    Raises `Failure` BAD_MODEL for an operator that it does not know.
    """
    try:
        graph = onnx.load(path).graph
    except Exception as error:  # onnx names no type of its own for a file that is none
        raise Failure("BAD_MODEL", f"cannot read {path}: {error}") from None
    return _Conversion(graph).module()


class _Conversion:
    def __init__(self, graph: onnx.GraphProto) -> None:
        self._onnx = graph
        self._weights = torch.nn.Module()
        self._arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
        self._graph = torch.fx.Graph()
        self._values: dict[str, torch.fx.Node] = {}

    def module(self) -> tuple[torch.fx.GraphModule, list[Port], list[str]]:
        ports = [_port(value) for value in self._onnx.input if value.name not in self._arrays]
        for index, port in enumerate(ports):
            self._values[port.name] = self._graph.placeholder(f"x{index}")
        for node in self._onnx.node:
            self._add(node)
        outputs = [value.name for value in self._onnx.output]
        self._graph.output(tuple(self._values[name] for name in outputs))
        self._graph.lint()
        return torch.fx.GraphModule(self._weights, self._graph).eval(), ports, outputs

    def _add(self, node: onnx.NodeProto) -> None:
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        if node.op_type == "Constant":
            self._arrays[node.output[0]] = numpy_helper.to_array(attributes["value"])
            return
        operation = _OPERATORS.get(node.op_type)
        if operation is None:
            raise Failure("BAD_MODEL", f"this adapter does not know the operator {node.op_type} (node '{node.name}')")
        self._values[node.output[0]] = operation(self, node, attributes)

    def value(self, name: str) -> torch.fx.Node:
        """What has this name: computed before, or a weight."""
        if name not in self._values:
            self._values[name] = self.weight(self._arrays[name])
        return self._values[name]

    def weight(self, array: np.ndarray) -> torch.fx.Node:
        name = f"w{len(list(self._weights.buffers()))}"
        self._weights.register_buffer(name, torch.from_numpy(np.array(array)))
        return self._graph.get_attr(name)

    def array(self, name: str) -> np.ndarray:
        """A weight that must be known now."""
        if name not in self._arrays:
            raise Failure("BAD_MODEL", f"{name} must be a constant")
        return self._arrays[name]

    def rank(self, name: str) -> int:
        return self.array(name).ndim

    def call(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> torch.fx.Node:
        return self._graph.call_function(function, arguments, named)


_Operator = Callable[[_Conversion, onnx.NodeProto, Mapping[str, Any]], torch.fx.Node]


def _port(value: onnx.ValueInfoProto) -> Port:
    kind = value.type.tensor_type
    shape = [d.dim_value if d.HasField("dim_value") else d.dim_param or None for d in kind.shape.dim]
    return Port(value.name, shape, np.dtype(onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type)).name)


def _padded(c: _Conversion, x: Any, attributes: Mapping[str, Any], axes: int, fill_value: float) -> tuple[Any, Any]:
    """The input and what is left to pad: ONNX may pad the two ends of an axis differently, PyTorch's layers cannot."""
    if attributes.get("auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID"):
        raise Failure("BAD_MODEL", "auto_pad: this adapter wants pads in numbers")
    pads = list(attributes.get("pads", [0] * 2 * axes))
    if pads[:axes] == pads[axes:]:
        return x, tuple(pads[:axes])
    both = [pad for axis in reversed(range(axes)) for pad in (pads[axis], pads[axis + axes])]
    return c.call(F.pad, x, both, value=fill_value), (0,) * axes


def _convolution(c: _Conversion, node: onnx.NodeProto, attributes: Mapping[str, Any]) -> torch.fx.Node:
    axes = c.rank(node.input[1]) - 2
    function = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}[axes]
    x, padding = _padded(c, c.value(node.input[0]), attributes, axes, 0.0)
    bias = c.value(node.input[2]) if len(node.input) > 2 and node.input[2] else None
    return c.call(
        function,
        x,
        c.value(node.input[1]),
        bias,
        stride=tuple(attributes.get("strides", [1] * axes)),
        padding=padding,
        dilation=tuple(attributes.get("dilations", [1] * axes)),
        groups=attributes.get("group", 1),
    )


def _pool(functions: Mapping[int, Callable[..., Any]], fill_value: float, **fixed: Any) -> _Operator:
    def pool(c: _Conversion, node: onnx.NodeProto, attributes: Mapping[str, Any]) -> torch.fx.Node:
        axes = len(attributes["kernel_shape"])
        if set(attributes.get("dilations", [1])) != {1} or len(node.output) > 1:
            raise Failure("BAD_MODEL", f"{node.op_type} with dilations or indices is not known to this adapter")
        x, padding = _padded(c, c.value(node.input[0]), attributes, axes, fill_value)
        named = {key: bool(attributes.get(name, 0)) for key, name in fixed.items()}
        if "count_include_pad" in named and padding == (0,) * axes and any(attributes.get("pads", [])):
            raise Failure("BAD_MODEL", "AveragePool with unequal pads is not known to this adapter")
        return c.call(
            functions[axes],
            x,
            tuple(attributes["kernel_shape"]),
            stride=tuple(attributes.get("strides", [1] * axes)),
            padding=padding,
            **named,
        )

    return pool


def _batch_norm(c: _Conversion, node: onnx.NodeProto, attributes: Mapping[str, Any]) -> torch.fx.Node:
    x, scale, shift, mean, variance = (c.value(name) for name in node.input)
    return c.call(F.batch_norm, x, mean, variance, scale, shift, eps=attributes.get("epsilon", 1e-5))


def _gemm(c: _Conversion, node: onnx.NodeProto, attributes: Mapping[str, Any]) -> torch.fx.Node:
    if attributes.get("transA", 0) or attributes.get("alpha", 1.0) != 1.0 or attributes.get("beta", 1.0) != 1.0:
        raise Failure("BAD_MODEL", "Gemm with transA, alpha or beta is not known to this adapter")
    matrix = c.array(node.input[1])
    weight = c.value(node.input[1]) if attributes.get("transB", 0) else c.weight(np.ascontiguousarray(matrix.T))
    bias = c.value(node.input[2]) if len(node.input) > 2 and node.input[2] else None
    return c.call(F.linear, c.value(node.input[0]), weight, bias)


def _flatten(c: _Conversion, node: onnx.NodeProto, attributes: Mapping[str, Any]) -> torch.fx.Node:
    if attributes.get("axis", 1) != 1:
        raise Failure("BAD_MODEL", "Flatten at another axis than 1 is not known to this adapter")
    return c.call(torch.flatten, c.value(node.input[0]), 1)


def _softmax(c: _Conversion, node: onnx.NodeProto, attributes: Mapping[str, Any]) -> torch.fx.Node:
    return c.call(F.softmax, c.value(node.input[0]), dim=attributes.get("axis", -1))


def _plain(function: Callable[..., Any]) -> _Operator:
    return lambda c, node, attributes: c.call(function, *(c.value(name) for name in node.input))


def _same(c: _Conversion, node: onnx.NodeProto, attributes: Mapping[str, Any]) -> torch.fx.Node:
    return c.value(node.input[0])


_OPERATORS: Mapping[str, _Operator] = {
    "Add": _plain(operator.add),
    "AveragePool": _pool(
        {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d},
        0.0,
        ceil_mode="ceil_mode",
        count_include_pad="count_include_pad",
    ),
    "BatchNormalization": _batch_norm,
    "Conv": _convolution,
    "Dropout": _same,
    "Flatten": _flatten,
    "Gemm": _gemm,
    "Identity": _same,
    "MatMul": _plain(torch.matmul),
    "MaxPool": _pool({1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}, float("-inf"), ceil_mode="ceil_mode"),
    "Mul": _plain(operator.mul),
    "Relu": _plain(F.relu),
    "Sigmoid": _plain(torch.sigmoid),
    "Softmax": _softmax,
    "Tanh": _plain(torch.tanh),
}


if __name__ == "__main__":
    serve(
        PyTorch,
        name="pytorch",
        version=torch.__version__,
        precisions=["fp32", "tf32", "fp16", "bf16"],
        phases=["execute"],
        framework={"name": "pytorch", "version": torch.__version__},
    )
