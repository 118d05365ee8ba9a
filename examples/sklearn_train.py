#!/usr/bin/env python3
"""Trains a random forest on made data, and writes it for scikit-learn and as ONNX: sklearn_train.py FOLDER."""

import sys
from pathlib import Path

import joblib
from skl2onnx import to_onnx
from skl2onnx.helpers.onnx_helper import select_model_inputs_outputs
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier

folder = Path(sys.argv[1])
x, y = make_classification(n_samples=2000, n_features=64, n_informative=16, n_classes=4, random_state=1)
forest = RandomForestClassifier(n_estimators=50, max_depth=8, random_state=1).fit(x.astype("float32"), y)
joblib.dump(forest, folder / "forest.joblib")
network = to_onnx(forest, x[:1].astype("float32"), options={"zipmap": False})
probabilities = select_model_inputs_outputs(network, ["probabilities"])
(folder / "forest.onnx").write_bytes(probabilities.SerializeToString())
