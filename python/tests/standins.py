"""Stand-ins for NVIDIA's `tensorrt` and `cuda.bindings.runtime`, for machines without a GPU.

Names and parameters are those of the vendor's packages: `bench/vendor-api` compares them. Device memory is memory of the
process at addresses that the host's arrays do not have, so that a forgotten copy shows. An "engine" is a JSON text; the
network that it stands for doubles its input and drops all but the first value of each element.
"""

import ctypes
import enum
import json
import types


class cudaError_t(enum.IntEnum):
    cudaSuccess = 0
    cudaErrorMemoryAllocation = 2
    cudaErrorInsufficientDriver = 35


class cudaMemcpyKind(enum.IntEnum):
    cudaMemcpyHostToDevice = 1
    cudaMemcpyDeviceToHost = 2


class Device:
    """What the stand-in device has, and what was done to it."""

    def __init__(self, count=1, bytes_free=1 << 20):
        self.count = count
        self.free = bytes_free
        self.memory = {}
        self.calls = []
        self.queued = []

    def runtime(self):
        module = types.ModuleType("cuda.bindings.runtime")
        module.cudaError_t, module.cudaMemcpyKind = cudaError_t, cudaMemcpyKind
        success = cudaError_t.cudaSuccess

        def cudaGetDeviceCount():
            return (success, self.count) if self.count else (cudaError_t.cudaErrorInsufficientDriver, None)

        def cudaSetDevice(device):
            self.calls.append(("cudaSetDevice", device))
            return (success,)

        def cudaGetDeviceProperties(device):
            uuid = types.SimpleNamespace(bytes=bytes(range(16)))
            return success, types.SimpleNamespace(name=b"Stand-in", uuid=uuid)

        def cudaMalloc(size):
            if size > self.free:
                return cudaError_t.cudaErrorMemoryAllocation, None
            block = ctypes.create_string_buffer(size)
            self.free -= size
            self.memory[ctypes.addressof(block)] = block
            return success, ctypes.addressof(block)

        def cudaFree(devPtr):
            self.free += len(self.memory.pop(devPtr))
            return (success,)

        def cudaStreamCreate():
            return success, 77

        def cudaMemcpyAsync(dst, src, count, kind, stream):
            self.queued.append(lambda: ctypes.memmove(dst, src, count))
            return (success,)

        def cudaStreamSynchronize(stream):
            self.calls.append(("cudaStreamSynchronize", stream))
            for work in self.queued:
                work()
            self.queued.clear()
            return (success,)

        for function in list(locals().values()):
            if isinstance(function, types.FunctionType):
                setattr(module, function.__name__, function)
        return module

    def tensorrt(self, version):
        device = self
        module = types.ModuleType("tensorrt")
        module.__version__ = version

        class DataType(enum.Enum):
            FLOAT = "float32"
            HALF = "float16"
            BF16 = "bfloat16"

        class TensorIOMode(enum.Enum):
            INPUT = 1
            OUTPUT = 2

        class LayerInformationFormat(enum.Enum):
            JSON = 1

        class Logger:
            WARNING = 2

            def __init__(self, min_severity=2):
                pass

        def nptype(trt_type):
            if trt_type is DataType.BF16:
                raise TypeError("no NumPy type")
            return trt_type.value

        class Runtime:
            def __init__(self, logger):
                pass

            def deserialize_cuda_engine(self, serialized_engine):
                try:
                    return ICudaEngine(json.loads(serialized_engine))
                except ValueError:
                    return None

        class ICudaEngine:
            def __init__(self, told):
                self.told = told
                self.num_io_tensors = 2

            def create_execution_context(self, strategy=None):
                return IExecutionContext(self.told)

            def get_tensor_name(self, index):
                return ("y", "x")[index]  # in no special order

            def get_tensor_mode(self, name):
                return TensorIOMode.INPUT if name == "x" else TensorIOMode.OUTPUT

            def get_tensor_shape(self, name):
                return (-1, self.told["width"]) if name == "x" else (-1, 1)

            def get_tensor_dtype(self, name):
                return DataType[self.told["type"]]

            def get_tensor_profile_shape(self, name, profile_index):
                return [(n, self.told["width"]) for n in self.told["batches"]]

            def create_engine_inspector(self):
                return EngineInspector(self.told)

        class EngineInspector:
            def __init__(self, told):
                self.told = told

            def get_engine_information(self, format):
                return json.dumps({"Layers": self.told["layers"]})

        class IExecutionContext:
            def __init__(self, told):
                self.told = told
                self.address = {}

            def set_input_shape(self, name, shape):
                self.shape = shape
                return True

            def get_tensor_shape(self, name):
                return self.shape if name == "x" else (self.shape[0], 1)

            def set_tensor_address(self, name, memory):
                self.address[name] = memory
                return memory in device.memory

            def execute_async_v3(self, stream_handle):
                device.queued.append(self._work)
                return True

            def _work(self):
                n, width = self.shape
                x = (ctypes.c_float * (n * width)).from_address(self.address["x"])
                y = (ctypes.c_float * n).from_address(self.address["y"])
                for i in range(n):
                    y[i] = 2 * x[i * width]

        for thing in list(locals().values()):
            if isinstance(thing, (type, types.FunctionType)):
                setattr(module, thing.__name__, thing)
        return module
