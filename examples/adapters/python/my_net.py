"""A network of your own in Python. The dots stand where your framework goes; what is here runs as it is."""

import math

import neurojoule


class MyNet:
    def load(self, model, precision, device, options):
        if precision != "fp32":
            raise neurojoule.Failure("UNSUPPORTED", "only fp32")
        self.weights = [1.5] * 64  # … load your model; never go on with another precision than the one asked

    def prepare(self, batch, inputs):
        self.x = [[0.5] * 64 for _ in range(batch)]  # … make the inputs of one batch, seeded

    def step(self, mark):
        """One batch. Return when the device has finished: synchronise here, or the energy of the rest is missed."""
        packed = mark("pack", list, self.x)
        self.y = mark("execute", self.execute, packed)

    def execute(self, rows):
        return [[math.tanh(v * w) for v, w in zip(row, self.weights)] for row in rows]

    def outputs(self):
        """Optional: the outputs of one step, for comparing artefacts and for checking that nothing broke."""
        return {"y": self.execute(self.x)}


neurojoule.serve(MyNet, name="my-net", precisions=["fp32"], phases=["pack", "execute"], element="frame")
