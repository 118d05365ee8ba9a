import struct
import time
import unittest

from neurojoule import protocol
from tests.peer import Peer

NETWORK = """
import os, sys, time, subprocess, neurojoule
class Network:
    def load(self, model, precision, device, options):
        print("a library says hello")
        os.write(1, b"also below Python\\n")
        subprocess.run(["sh", "-c", "echo from a child; cat"])
        self.n = 0
        if precision == "fp8": raise neurojoule.Failure("UNSUPPORTED", "only fp32")
        if precision == "fp16": raise NotImplementedError("no half")
        if precision == "fat": raise MemoryError
        if precision == "broken": raise KeyError("layer1")
        if precision == "strange": raise StopAsyncIteration("mine")
        return {"params": 7, "settings": {"threads": "1"}}
    def prepare(self, batch, inputs):
        if batch > 100: raise MemoryError("too large")
        self.x = [[float(i), 2.5] for i in range(batch)]
    def step(self, mark):
        self.n += 1
        mark("pack", time.sleep, 0.001)
        self.y = mark("execute", lambda x: [[2 * a for a in row] for row in x], self.x)
    def only(self, phase):
        if phase != "pack": raise neurojoule.Failure("UNSUPPORTED", phase)
        time.sleep(0.002)
    def outputs(self):
        self.step(lambda phase, function, *arguments: function(*arguments))
        return {"y": self.y, "steps": [self.n]}
    def failure(self, error):
        if isinstance(error, StopAsyncIteration): return neurojoule.Failure("DEVICE_LOST", "gone", fatal=True)
neurojoule.serve(Network, name="made", precisions=["fp32"], phases=["pack", "execute"])
"""


class ServeTest(unittest.TestCase):
    def setUp(self):
        self.peer = Peer(NETWORK)
        self.addCleanup(self.peer.close)

    def test_hello_says_what_the_network_offers_and_a_stamp_within_the_bracket(self):
        before = time.monotonic_ns()
        hello = self.peer.ask("hello", nwp=1, dir=self.peer.dir.name)
        after = time.monotonic_ns()
        self.assertTrue(before < hello["mono_ns"] < after)
        self.assertEqual(
            {"nwp": 1, "name": "made", "stoppable": True, "verify": True, "pid": self.peer.program.pid},
            {key: hello[key] for key in ("nwp", "name", "stoppable", "verify", "pid")},
        )

    def test_prints_of_libraries_and_children_never_reach_the_protocol(self):
        self.peer.ready()
        self.assertEqual(7, self.peer.load()["params"])
        self.peer.ask("close")
        log = self.peer.close()
        for line in ("a library says hello", "also below Python", "from a child"):
            self.assertEqual(2, log.count(line), log)

    def test_every_complaint_has_its_code_and_the_next_request_is_answered(self):
        self.peer.ask("hello", nwp=1)
        expected = {
            "fp8": ("UNSUPPORTED", "only fp32", False),
            "fp16": ("UNSUPPORTED", "no half", False),
            "fat": ("OUT_OF_MEMORY", "out of memory", False),
            "broken": ("INTERNAL", "KeyError: 'layer1'", False),
            "strange": ("DEVICE_LOST", "gone", True),
        }
        for precision, (code, message, fatal) in expected.items():
            answer = self.peer.load(precision)
            self.assertFalse(answer["ok"])
            self.assertEqual({"code": code, "message": message, "fatal": fatal}, answer["error"])
        self.assertTrue(self.peer.load()["ok"])
        self.assertEqual("OUT_OF_MEMORY", self.peer.ask("prepare", batch=101)["error"]["code"])
        self.assertEqual("UNKNOWN_OP", self.peer.ask("dance")["error"]["code"])

    def test_nothing_runs_that_was_not_prepared(self):
        self.peer.ask("hello", nwp=1)
        self.assertEqual("INVALID_INPUT", self.peer.ask("prepare", batch=1)["error"]["code"])
        self.peer.load()
        self.assertEqual("INVALID_INPUT", self.peer.run()["error"]["code"])
        for batch in (0, -1, 1.5, None):
            self.assertEqual("INVALID_INPUT", self.peer.ask("prepare", batch=batch)["error"]["code"])
        self.peer.ask("prepare", batch=2)
        self.assertEqual(2, self.peer.run(max_iterations=1)["elements"])
        self.peer.load("fp8")
        self.assertEqual("INVALID_INPUT", self.peer.run()["error"]["code"])

    def test_a_run_lasts_as_long_as_asked_and_its_stamps_bound_its_steps(self):
        self.peer.ready(batch=3)
        before = time.monotonic_ns()
        run = self.peer.run(seconds=0.1)
        after = time.monotonic_ns()
        self.assertEqual(3 * run["iterations"], run["elements"])
        self.assertTrue(before < run["t0"] < run["t1"] < after)
        self.assertGreaterEqual(run["t1"] - run["t0"], 100_000_000)
        self.assertGreaterEqual(run["t1"] - run["t0"], 1_000_000 * run["iterations"])  # a step sleeps 1 ms
        self.assertEqual([run["iterations"] + 1.0], self.peer.outputs()[1][-1:])

    def test_iterations_are_bounded_on_both_sides(self):
        self.peer.ready()
        self.assertEqual(1, self.peer.run(seconds=0)["iterations"])
        self.assertEqual(5, self.peer.run(seconds=60, max_iterations=5)["iterations"])
        least = self.peer.ask("run", seconds=0, min_iterations=7, timing="latency")
        self.assertEqual(7, least["iterations"])

    def test_latencies_are_counted_once_each_in_buckets_that_hold_them(self):
        self.peer.ready()
        run = self.peer.run(seconds=0.05, timing="latency")
        self.assertEqual(run["iterations"], sum(run["hist"].values()))
        self.assertGreaterEqual(min(map(int, run["hist"])), protocol._bucket(1_000_000))

    def test_steps_at_a_rate_are_a_poisson_process_that_its_seed_repeats(self):
        self.peer.ready(batch=2)
        counts = []
        for seed in (1, 1, 2, 3):
            run = self.peer.ask("run", seconds=0.5, rate=100, seed=seed)
            self.assertGreaterEqual(run["t1"] - run["t0"], 500_000_000)
            self.assertEqual(run["iterations"], sum(run["hist"].values()))
            self.assertNotIn("counts", run)
            counts.append(run["iterations"])
        self.assertEqual(counts[0], counts[1])
        self.assertTrue(all(20 < count < 90 for count in counts), counts)  # 50 expected, standard deviation 7

    def test_steps_that_were_due_and_not_asked_for_are_told_and_waiting_counts(self):
        self.peer.ready()
        run = self.peer.ask("run", seconds=0.4, rate=5000, seed=1)  # a step sleeps 1 ms: 1000 per second at most
        self.assertLess(run["iterations"], 401)
        self.assertTrue(1700 < run["iterations"] + run["counts"]["dropped"] < 2300, run)
        self.assertGreater(max(map(int, run["hist"])), protocol._bucket(100_000_000))

    def test_a_run_at_a_rate_is_bounded_and_times_no_phases(self):
        self.peer.ready()
        self.assertEqual(1, self.peer.ask("run", seconds=0, rate=100, max_iterations=1)["iterations"])
        self.assertEqual("UNSUPPORTED", self.peer.ask("run", seconds=1, rate=9, timing="phases")["error"]["code"])

    def test_phases_are_timed_only_when_asked(self):
        self.peer.ready()
        run = self.peer.run(seconds=0.05, timing="phases")
        self.assertEqual({"pack": run["iterations"], "execute": run["iterations"]}, run["phase_n"])
        self.assertGreaterEqual(run["phase_ns"]["pack"], 1_000_000 * run["iterations"])
        self.assertLess(sum(run["phase_ns"].values()), run["t1"] - run["t0"])
        self.assertNotIn("phase_ns", self.peer.run(seconds=0))

    def test_long_phases_are_told_one_by_one(self):
        peer = Peer(NETWORK.replace("time.sleep, 0.001", "time.sleep, 0.012"))
        self.addCleanup(peer.close)
        peer.ready()
        run = peer.run(seconds=0.05, timing="phases")
        marks = [event for event in peer.events if event["name"] == "pack"]
        self.assertEqual(run["iterations"], len(marks))
        self.assertEqual(run["phase_ns"]["pack"], sum(mark["t1"] - mark["t0"] for mark in marks))
        peer.run(seconds=0.05)
        self.assertEqual(len(marks), len([event for event in peer.events if event["name"] == "pack"]))

    def test_a_phase_runs_alone(self):
        self.peer.ready()
        run = self.peer.run(seconds=0.05, phase="pack")
        self.assertGreaterEqual(run["t1"] - run["t0"], 2_000_000 * run["iterations"])
        self.assertEqual([1.0], self.peer.outputs()[1][-1:])  # no whole step before that of verify
        self.assertEqual("UNSUPPORTED", self.peer.run(phase="execute")["error"]["code"])

    def test_stop_ends_a_run_and_is_answered_after_it(self):
        self.peer.ready()
        run = self.peer.send("run", kind="measure", seconds=60, min_iterations=1, timing="bare")
        time.sleep(0.1)
        stop = self.peer.send("stop")
        first, second = self.peer.receive(), self.peer.receive()
        self.assertEqual((run, stop), (first["re"], second["re"]))
        self.assertLess(first["t1"] - first["t0"], 30_000_000_000)

    def test_outputs_go_through_a_file_of_doubles(self):
        self.peer.ready(batch=2)
        outputs, values = self.peer.outputs()
        self.assertEqual([{"name": "y", "shape": [2, 2]}, {"name": "steps", "shape": [1]}], outputs)
        self.assertEqual([0.0, 5.0, 2.0, 5.0, 1.0], values)

    def test_lines_that_are_no_request_are_passed_over(self):
        self.peer.write(b'\xff\xfe\n\n[]\n{"op":"hello"}\nnull\n')
        self.assertTrue(self.peer.ask("hello", nwp=1)["ok"])

    def test_it_ends_with_close_and_with_its_input(self):
        self.peer.ask("close")
        self.assertEqual(0, self.peer.program.wait(10))
        other = Peer(NETWORK)
        other.program.stdin.close()
        self.assertEqual(0, other.program.wait(10))
        other.program.stdin = None
        other.close()


class BucketTest(unittest.TestCase):
    def test_buckets_grow_with_the_latency_and_are_narrow(self):
        last = 0
        for nanoseconds in sorted({int(1.01**i) for i in range(1, 3000)}):
            bucket = protocol._bucket(nanoseconds)
            self.assertGreaterEqual(bucket, last)
            last = bucket
            if nanoseconds > 64:
                self.assertGreater(protocol._bucket(nanoseconds + nanoseconds // 30), bucket)


class OutputsTest(unittest.TestCase):
    def test_lists_become_doubles_in_row_major_order(self):
        shape, data = protocol._doubles([[1, 2.5], [3, -4]])
        self.assertEqual(([2, 2], struct.pack("<4d", 1, 2.5, 3, -4)), (shape, data))

    def test_lists_of_different_lengths_are_no_tensor(self):
        with self.assertRaises(protocol.Failure):
            protocol._doubles([[1, 2], [3]])


if __name__ == "__main__":
    unittest.main()
