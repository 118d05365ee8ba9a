"""The profiler's end of the protocol, over real pipes."""

import array
import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]


class Peer:
    """Runs a program that serves a workload."""

    def __init__(self, source, timeout=20):
        self.dir = tempfile.TemporaryDirectory()
        self.program = subprocess.Popen(
            [sys.executable, "-c", source],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=ROOT,
        )
        self.timeout = timeout
        self.last = 0
        self.events = []

    def send(self, op, **fields):
        self.last += 1
        self.write((json.dumps({"op": op, "id": self.last, **fields}) + "\n").encode())
        return self.last

    def write(self, data):
        self.program.stdin.write(data)
        self.program.stdin.flush()

    def receive(self):
        """The next answer; events on the way are kept."""
        message = json.loads(self.program.stdout.readline())
        while "ev" in message:
            self.events.append(message)
            message = json.loads(self.program.stdout.readline())
        return message

    def ask(self, op, **fields):
        number = self.send(op, **fields)
        answer = self.receive()
        assert answer["re"] == number, answer
        return answer

    def ready(self, batch=3):
        """Up to the state in which it can run."""
        for answer in (self.ask("hello", nwp=1, dir=self.dir.name), self.load(), self.ask("prepare", batch=batch)):
            assert answer["ok"], answer

    def load(self, precision="fp32"):
        return self.ask("load", model="", precision=precision, device="cpu", options={})

    def run(self, seconds=0.0, timing="bare", **fields):
        return self.ask("run", kind="measure", seconds=seconds, min_iterations=1, timing=timing, **fields)

    def outputs(self):
        """Names, shapes and values that `verify` wrote."""
        answer = self.ask("verify")
        values = array.array("d", (Path(self.dir.name) / answer["file"]).read_bytes())
        return answer["outputs"], list(values)

    def close(self):
        """What it printed to stderr."""
        try:
            return self.program.communicate(timeout=self.timeout)[1].decode()
        finally:
            self.program.kill()
            self.dir.cleanup()
