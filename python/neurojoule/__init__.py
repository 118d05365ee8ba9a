"""Workload side of the Neurojoule energy profiler.

A network becomes measurable by a class with `load`, `prepare` and `step`, and one call:
`neurojoule.serve(MyNetwork, name="my-net", precisions=["fp32"])`.
"""

from neurojoule.protocol import Failure, Mark, Workload, serve

__all__ = ["Failure", "Mark", "Workload", "serve"]
