"""A scikit-learn estimator on the CPU, no neural network: `python -m neurojoule.adapters.sklearn`.

The artefact is a file of `joblib.dump`, which runs code when it is read: use only your own. A step is `predict_proba`
where the estimator has it, else `decision_function`, else `predict`.

Options: `file` (instead of the experiment's artefact) and `threads` (of the native libraries below, all that the
process may use by default).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Mapping, Sequence

import joblib
import numpy as np
import sklearn
from threadpoolctl import threadpool_info, threadpool_limits

from neurojoule.adapters.options import Options, processors
from neurojoule.inputs import Port, fill
from neurojoule.protocol import Failure, Mark, serve

_METHODS = ("predict_proba", "decision_function", "predict")


class ScikitLearn:
    def load(self, model: str, precision: str, device: str, options: Mapping[str, str]) -> Mapping[str, Any]:
        known = Options(options, "file", "threads")
        if (device or "cpu") not in ("cpu", "default"):
            raise Failure("UNSUPPORTED", f"scikit-learn runs on the cpu, not on {device}")
        path = known.artefact(model)
        try:
            estimator = joblib.load(path)
        except Exception as error:  # a pickle may raise anything
            raise Failure("BAD_MODEL", f"joblib cannot read {path}: {type(error).__name__}: {error}") from None
        method = next((name for name in _METHODS if hasattr(estimator, name)), None)
        if method is None or not hasattr(estimator, "n_features_in_"):
            raise Failure("BAD_MODEL", f"{path} holds no fitted estimator but {type(estimator).__name__}")
        self._predict, self._method = getattr(estimator, method), method
        self._port = Port("x", [None, int(estimator.n_features_in_)], "float32")
        self._limits = threadpool_limits(known.number("threads", processors()))
        pools = {f"{pool['internal_api']} {pool['num_threads']}" for pool in threadpool_info()}
        return {
            "bytes": Path(path).stat().st_size,
            "settings": {
                "runtime": f"scikit-learn {sklearn.__version__}",
                "device": "cpu",
                "estimator": type(estimator).__name__,
                "method": method,
                "threads": str(max((pool["num_threads"] for pool in threadpool_info()), default=1)),
                "thread_pools": ", ".join(sorted(pools)),
                "n_jobs": str(getattr(estimator, "n_jobs", None)),
            },
        }

    def prepare(self, batch: int, inputs: Sequence[Mapping[str, Any]]) -> None:
        self._x = fill([self._port], batch, inputs)["x"]
        self._step()
        if self._y.shape[0] != batch:
            raise Failure("UNSUPPORTED", f"{self._method} gives the shape {self._y.shape} at a batch of {batch}")

    def step(self, mark: Mark) -> None:
        mark("execute", self._step)

    def _step(self) -> None:
        self._y = self._predict(self._x)

    def outputs(self) -> Mapping[str, np.ndarray]:
        self._step()
        return {self._method: self._y}

    def execution(self) -> Mapping[str, Any]:
        return {"settings": {"dtype": f"{self._x.dtype} in, {self._y.dtype} out"}}


if __name__ == "__main__":
    serve(
        ScikitLearn,
        name="sklearn",
        version=sklearn.__version__,
        phases=["execute"],
        framework={"name": "scikit-learn", "version": sklearn.__version__},
    )
