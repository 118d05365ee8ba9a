#!/usr/bin/env python3
"""The smallest network of one's own: replace the three lines with your framework."""

import neurojoule


class MyNetwork:
    def load(self, model, precision, device, options):
        if precision not in ("fp32", "default"):
            raise neurojoule.Failure("UNSUPPORTED", "only fp32")
        self.net = lambda x: [value * 1.5 for value in x]  # <- load

    def prepare(self, batch, inputs):
        self.x = [0.5] * (64 * batch)  # <- inputs

    def step(self, mark):
        self.y = self.net(self.x)  # <- infer; return when the device has finished

    def outputs(self):
        return {"y": self.net(self.x)}


neurojoule.serve(MyNetwork, name="my-network", precisions=["fp32"])
