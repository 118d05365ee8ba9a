"""FINN's adapter against stand-ins for the package that FINN's builder writes and for finn-cpp-driver's program."""

import json
import sys
import tempfile
import types
import unittest
from pathlib import Path
from unittest import mock

try:
    import numpy as np
    from neurojoule.adapters.finn import ISOLABLE, PHASES, Finn
except ImportError as error:
    raise unittest.SkipTest(f"needs NumPy: {error}") from None
from neurojoule.protocol import Failure

DRIVER = """
from driver_base import FINNExampleOverlay
io_shape_dict = {"idt": ["INT8"], "odt": ["UINT8"]}
"""

OVERLAY = """
import numpy as np
class FINNExampleOverlay:
    def __init__(self, bitfile_name, platform, io_shape_dict, batch_size=1, fclk_mhz=100.0, device=None, download=True,
                 runtime_weight_dir="runtime_weights/"):
        self.calls, self.fclk_mhz, self.batch_size = [], fclk_mhz, batch_size
        self.num_inputs = self.num_outputs = 1
        self.obuf_packed = [None]
        self.load_external_weights()
        self.load_runtime_weights()
    def load_external_weights(self): pass
    def load_runtime_weights(self, flush_accel=True, verify=True): pass
    def idt(self, ind=0): return "INT8"
    def ishape_normal(self, ind=0): return (self.batch_size, 4)
    def fold_input(self, ibuf_normal, ind=0):
        self.calls.append("fold"); return ibuf_normal.reshape(self.batch_size, 2, 2)
    def pack_input(self, ibuf_folded, ind=0): self.calls.append("pack"); return ibuf_folded.view(np.uint8)
    def copy_input_data_to_device(self, data, ind=0): self.calls.append("h2d"); self.card = data.copy()
    def execute_on_buffers(self, asynch=False, batch_size=None):
        self.calls.append("execute"); self.sum = self.card.view(np.int8).sum(axis=(1, 2))
    def copy_output_data_from_device(self, data, ind=0): self.calls.append("d2h"); self.obuf_packed[ind] = self.sum.copy()
    def unpack_output(self, obuf_packed, ind=0): self.calls.append("unpack"); return obuf_packed.reshape(-1, 1, 1)
    def unfold_output(self, obuf_folded, ind=0): self.calls.append("unfold"); return obuf_folded.reshape(-1, 1)
"""

# Succeeds with 1 and fails with 0, as the real one does.
PROGRAM = """#!{python}
import sys, numpy as np
if "--check" in sys.argv:
    print("input_t: Finn::DatatypeInt<8>"); print("output_t: Finn::DatatypeUint<8>"); sys.exit(0)
named = dict(zip(sys.argv[1::2], sys.argv[2::2]))
x = np.load(named["--input"])
if named["--exec_mode"] != "execute" or x.shape[0] != int(named["--batchsize"]) or x.shape[0] > 8:
    sys.stderr.write("Error: no such batch\\n"); sys.exit(0)
np.save(named["--output"], x.astype(np.float32).sum(axis=1))
sys.exit(1)
"""


class PythonDriverTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.package = Path(folder.name)
        for name, text in {
            "driver/driver.py": DRIVER,
            "driver/driver_base.py": OVERLAY,
            "bitfile/finn-accel.xclbin": "",
            "report/estimate_network_performance.json": '{"max_cycles": 1024, "critical_path_cycles": 8064}',
        }.items():
            (self.package / name).parent.mkdir(exist_ok=True)
            (self.package / name).write_text(text)
        self.finn = Finn()

    def load(self, **options):
        return self.finn.load(str(self.package), "w4a4", "fpga:0", {"fclk_mhz": "250", **options})

    def test_a_step_goes_through_the_phases_in_order_and_gives_the_networks_answer(self):
        self.load()
        self.finn.prepare(3, [{"shape": ["N", 2, 1024], "dtype": "float32", "source": "-5"}])
        marked = []
        self.finn.step(lambda phase, function, *arguments: (marked.append(phase), function(*arguments))[1])
        self.assertEqual(PHASES, marked)
        self.assertEqual([[-20.0]] * 3, self.finn.outputs()["output0"].tolist())

    def test_each_isolable_phase_runs_alone(self):
        self.load()
        self.finn.prepare(1, [])
        calls = self.finn._driver._overlay.calls
        for phase in ISOLABLE:
            calls.clear()
            self.finn.only(phase)
            self.assertEqual([phase], calls)
        with self.assertRaises(Failure):
            self.finn.only("fold")

    def test_a_card_at_another_address_than_the_boundarys_is_refused(self):
        card = types.SimpleNamespace(device_info=types.SimpleNamespace(bdf="0000:81:00.1"))
        with mock.patch.dict(sys.modules, pynq=types.SimpleNamespace(Device=types.SimpleNamespace(devices=[card]))):
            self.finn.load(str(self.package), "w4a4", "81:00.1", {})
            with self.assertRaisesRegex(Failure, "not at 0000:a1:00.1"):
                self.finn.load(str(self.package), "w4a4", "0000:a1:00.1", {})

    def test_setting_up_is_marked_apart_in_order(self):
        marks = self.load()["marks"]
        self.assertEqual(["load_bitfile", "load_weights"], [mark["name"] for mark in marks])
        stamps = [mark[at] for mark in marks for at in ("t0", "t1")]
        self.assertEqual(sorted(stamps), stamps)

    def test_what_is_not_known_of_the_network_is_not_said(self):
        settings = self.load()["settings"]
        told = [settings[key] for key in ("fclk_mhz", "cycles_per_element", "latency_cycles")]
        self.assertEqual(["250", "1024", "8064"], told)
        (self.package / "report/estimate_network_performance.json").unlink()
        settings = self.load(fclk_mhz="0")["settings"]
        for absent in ("fclk_mhz", "cycles_per_element", "latency_cycles"):
            self.assertNotIn(absent, settings)
        self.assertEqual("512", self.load(cycles_per_element="512")["settings"]["cycles_per_element"])

    def test_a_package_that_cannot_be_used_says_why(self):
        wrong = (({"fclk_mhz": "fast"}, "megahertz"), ({"batch": "2"}, "no option"), ({"card": "3"}, "card"))
        for options, word in wrong:
            with self.assertRaisesRegex(Failure, word):
                self.load(**options)
        (self.package / "bitfile/other.xclbin").write_text("")
        with self.assertRaisesRegex(Failure, "2 bitfiles"):
            self.load()
        (self.package / "driver/driver.py").unlink()
        with self.assertRaisesRegex(Failure, "driver.py"):
            self.load()

    def test_the_c_plus_plus_driver_succeeds_with_one_and_fails_with_zero(self):
        program = self.package / "finn"
        program.write_text(PROGRAM.format(python=sys.executable))
        program.chmod(0o755)
        (self.package / "config.json").write_text(
            json.dumps([{"xclbinPath": "a.xclbin", "idmas": [{"normalShape": [1, 4]}], "odmas": [{}]}])
        )
        self.assertEqual("Finn::DatatypeInt<8>", self.load(driver="cpp")["settings"]["idt"])
        self.finn.prepare(2, [{"source": "3"}])
        self.finn.step(None)
        np.testing.assert_array_equal([12, 12], self.finn.outputs()["output0"])
        with self.assertRaisesRegex(Failure, "no such batch"):
            self.finn.prepare(9, [])


class StandInTest(unittest.TestCase):
    def test_the_cycles_of_the_examples_stand_in_follow_from_the_folding(self):
        filters, rows = 32, []
        folding = [(32, 6), (16, 96), (8, 96), (4, 96), (2, 96), (1, 96), (1, 96)]
        for layer, (pe, simd) in enumerate(folding):
            width = 3 * (filters if layer else 2)
            rows.append((1024 >> layer) * (filters // pe) * (width // simd))
        for (height, width), (pe, simd) in zip([(128, 256), (128, 128), (24, 128)], [(2, 32), (1, 32), (1, 8)]):
            rows.append((height // pe) * (width // simd))
        report = Path(__file__).parents[2] / "examples/finn-standin/report/estimate_network_performance.json"
        told = json.loads(report.read_text())
        self.assertEqual(max(rows), told["max_cycles"])
        self.assertEqual(sum(rows), told["critical_path_cycles"])


if __name__ == "__main__":
    unittest.main()
