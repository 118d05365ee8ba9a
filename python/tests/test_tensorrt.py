import importlib
import json
import sys
import tempfile
import types
import unittest
from pathlib import Path
from unittest import mock

from tests.standins import Device

try:
    import numpy
except ImportError:
    numpy = None

ENGINE = {"width": 4, "type": "FLOAT", "batches": [1, 8, 16], "layers": [{"Outputs": [{"Format/Datatype": "Half NCHW"}]}]}


def untimed(phase, function, *arguments):
    return function(*arguments)


@unittest.skipIf(numpy is None, "needs NumPy")
class TensorRtTest(unittest.TestCase):
    def setUp(self):
        self.device = Device()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.plan = Path(folder.name) / "net.plan"
        self.adapter = self.made()

    def made(self, version="11.4.0.106"):
        runtime = self.device.runtime()
        bindings = types.ModuleType("cuda.bindings")
        bindings.runtime = runtime
        modules = {
            "tensorrt": self.device.tensorrt(version),
            "cuda": types.ModuleType("cuda"),
            "cuda.bindings": bindings,
            "cuda.bindings.runtime": runtime,
        }
        patch = mock.patch.dict(sys.modules, modules)
        patch.start()
        self.addCleanup(patch.stop)
        sys.modules.pop("neurojoule.adapters.tensorrt", None)
        module = importlib.import_module("neurojoule.adapters.tensorrt")
        self.addCleanup(sys.modules.pop, "neurojoule.adapters.tensorrt", None)
        self.failure = module.Failure
        return module.TensorRt()

    def load(self, device="cuda:0", options=None, **engine):
        self.plan.write_text(json.dumps({**ENGINE, **engine}))
        return self.adapter.load(str(self.plan), "fp16", device, options or {})

    def refused(self, code, call, *arguments, **named):
        with self.assertRaises(self.failure) as caught:
            call(*arguments, **named)
        self.assertEqual(code, caught.exception.code)
        return str(caught.exception)

    def test_outputs_come_from_the_device_and_are_those_of_the_inputs(self):
        self.load()
        self.adapter.prepare(3, [{"name": "", "source": "uniform(-2, 2)", "seed": 5}])
        y = self.adapter.outputs()["y"]
        x = self.adapter._host["x"]
        self.assertEqual((3, 1), y.shape)
        numpy.testing.assert_array_equal(2 * x[:, :1], y)

    def test_what_was_used_is_read_back(self):
        settings = self.load()["settings"]
        self.assertEqual("1 × Half", settings["dtype"])
        self.assertEqual("cuda:0 Stand-in", settings["device"])
        self.assertEqual("GPU-00010203-0405-0607-0809-0a0b0c0d0e0f", settings["device_uuid"])
        self.assertIn("not told", self.load(layers=["conv1"])["settings"]["dtype"])

    def test_a_step_ends_when_the_device_has_finished(self):
        self.load()
        self.adapter.prepare(1, [])
        self.device.calls.clear()
        self.adapter.step(untimed)
        self.assertEqual([("cudaStreamSynchronize", 77)], self.device.calls)
        self.assertEqual([], self.device.queued)

    def test_copies_belong_to_a_step_only_when_asked(self):
        for copies, phases in (("0", ["execute"]), ("1", ["h2d", "execute", "d2h"])):
            self.load(options={"copies": copies})
            self.adapter.prepare(1, [])
            seen = []
            self.adapter.step(lambda phase, function: seen.append(phase))
            self.assertEqual(phases, seen)

    def test_memory_of_one_batch_is_given_back_before_the_next(self):
        self.load()
        free = self.device.free
        for batch in (16, 1, 8):
            self.adapter.prepare(batch, [])
            self.assertEqual(free - batch * 4 * (4 + 1), self.device.free)

    def test_too_little_memory_is_said_and_a_smaller_batch_still_runs(self):
        self.device.free = 100
        self.load()
        self.refused("OUT_OF_MEMORY", self.adapter.prepare, 16, [])
        self.adapter.prepare(1, [])

    def test_refusals_name_the_reason(self):
        self.assertIn("from [1, 4] to [16, 4]", self.refused("UNSUPPORTED", self._prepared, 17))
        self.refused("UNSUPPORTED", self.load, device="cpu")
        self.assertIn("no cuda:1", self.refused("UNSUPPORTED", self.load, device="cuda:1"))
        self.load(type="BF16")
        self.refused("UNSUPPORTED", self.adapter.prepare, 1, [])
        self.plan.write_text("from another version")
        self.refused("BAD_MODEL", self.adapter.load, str(self.plan), "fp16", "cuda:0", {})
        self.device.count = 0
        self.assertIn("cudaErrorInsufficientDriver", self.refused("UNSUPPORTED", self.load))

    def _prepared(self, batch):
        self.load()
        self.adapter.prepare(batch, [])


if __name__ == "__main__":
    unittest.main()
