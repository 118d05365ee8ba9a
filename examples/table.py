#!/usr/bin/env python3
"""One line for each figure of some runs: table.py RUN…; exit 1 where outputs do not agree with ONNX Runtime's.

The first target of each run is the profiler's own ONNX Runtime, with whose outputs all others are compared.
"""

import json
import sys
from pathlib import Path

#: 1 is the same output; the rounding of fp32 sums shows from the tenth digit on.
LEAST_AGREEMENT = 0.9999

HEADING = ("target", "runtime", "ran as", "threads", "batch", "load", "J/element", "elements/s", "agreement", "basis")


def figure(value):
    return "–" if value is None else f"{value:.4g}"


def ran_as(cell):
    shares = {name: share for name, share in cell.get("executed", {}).items() if share >= 0.05}
    settings = cell.get("settings", {})
    types = "+".join(sorted(shares, key=shares.get, reverse=True)) or settings.get("dtype", "–")
    return types + (f", tuned: {settings['tuned']}" if "tuned" in settings else "")


def lines(results):
    headline = results["run"]["headline"]
    cells = {cell["cell_id"]: cell for cell in results["cells"]}
    for row in results["rows"]:
        if row["scope"] == "boundary" and row["name"].split("/")[-1] == headline:
            cell = cells[row["cell_id"]]
            settings = cell.get("settings", {})
            agreement = cell.get("agreement")
            yield agreement, (
                row["target"],
                ", ".join(settings[key] for key in ("runtime", "protocol") if key in settings) or "–",
                ran_as(cell),
                settings.get("threads", "–"),
                str(row["batch"]),
                row.get("load", "c1"),
                figure(row.get("joules_per_element")),
                figure(row.get("elements_per_second")),
                "–" if agreement is None else f"{agreement:.10f}".rstrip("0").rstrip("."),
                row["basis"],
            )


def main(runs):
    table, wrong = [HEADING], []
    for run in runs:
        results = json.loads((Path(run) / "report" / "results.json").read_text())
        for agreement, line in lines(results):
            if line not in table:
                table.append(line)
            if agreement is None or agreement < LEAST_AGREEMENT:
                wrong.append(f"{line[0]} batch {line[4]}: agreement {line[8]}")
    widths = [max(len(line[i]) for line in table) for i in range(len(HEADING))]
    for line in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())
    for text in wrong:
        print(f"NOT the outputs of ONNX Runtime: {text}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
