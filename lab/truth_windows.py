#!/usr/bin/env python3
"""The joules of every source in many windows of one run.

usage: truth_windows.py TRUTH.json < WINDOWS

Each line of the input is a window, `FROM TO` in CLOCK_MONOTONIC nanoseconds. Once the input has ended, each window is
answered by a line of JSON in the same order: {"from": FROM, "to": TO, "joules": {SOURCE: J, ...}}. The numbers are
those of `powerlab truth FILE --from FROM --to TO --json`; reading the file once makes thousands of windows cheap.
"""

import json
import os
import sys

sys.dont_write_bytecode = True
from labmodel import undump


def main():
    """Answers every window on standard input."""
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    path = sys.argv[1]
    with open(path) as f:
        model = undump(json.load(f), os.path.dirname(os.path.abspath(path)))
    for line in sys.stdin.readlines():
        start, end = (int(x) for x in line.split())
        joules = model.window((start - model.epoch_mono) * 1e-9, (end - model.epoch_mono) * 1e-9)
        print(json.dumps({"from": start, "to": end, "joules": joules}))


if __name__ == "__main__":
    main()
