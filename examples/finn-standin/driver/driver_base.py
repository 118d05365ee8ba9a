"""SIMULATED: stands in for FINN's driver and its card where there is no card. No figure from it is of an FPGA.

The host's part is real: reshape, pack and unpack by FINN's own functions (`pip install finn-base`), copy. The card's part
is a wait of (latency + (N - 1) * II) / f for a batch of N: cycles from the package's report, f as asked. It computes no
network; its answer for a frame is the frame's first byte modulo 24.
"""

import json
import time
from pathlib import Path

import numpy as np
from finn.util.data_packing import finnpy_to_packed_bytearray, packed_bytearray_to_finnpy

_SPIN_SECONDS = 200e-6  # a sleep ends later than asked, by up to about this


class _Buffer(np.ndarray):
    """Memory of the card; with the stand-in, memory of the host."""

    def flush(self):
        pass

    def invalidate(self):
        pass


class FINNExampleOverlay:
    def __init__(
        self,
        bitfile_name,
        platform,
        io_shape_dict,
        batch_size=1,
        fclk_mhz=100.0,
        device=None,
        download=True,
        runtime_weight_dir="runtime_weights/",
    ):
        report = Path(bitfile_name).parent.parent / "report" / "estimate_network_performance.json"
        told = json.loads(report.read_text())
        self._latency, self._interval = told["critical_path_cycles"], told["max_cycles"]
        self._io_shape_dict = io_shape_dict
        self.platform = platform
        self.runtime_weight_dir = runtime_weight_dir
        self.fclk_mhz = fclk_mhz
        self.batch_size = batch_size
        self.load_external_weights()
        self.load_runtime_weights()

    def load_external_weights(self):
        self.external_weights = []

    def load_runtime_weights(self, flush_accel=True, verify=True):
        if flush_accel:
            self.execute_on_buffers()

    def _shape(self, name, ind):
        return (self.batch_size, *self._io_shape_dict[name][ind][1:])

    def idt(self, ind=0):
        return self._io_shape_dict["idt"][ind]

    def odt(self, ind=0):
        return self._io_shape_dict["odt"][ind]

    def ishape_normal(self, ind=0):
        return self._shape("ishape_normal", ind)

    @property
    def num_inputs(self):
        return self._io_shape_dict["num_inputs"]

    @property
    def num_outputs(self):
        return self._io_shape_dict["num_outputs"]

    @property
    def batch_size(self):
        return self._batch_size

    @batch_size.setter
    def batch_size(self, value):
        self._batch_size = value
        self.ibuf_packed_device = [
            np.zeros(self._shape("ishape_packed", i), np.uint8).view(_Buffer) for i in range(self.num_inputs)
        ]
        self.obuf_packed_device = [
            np.zeros(self._shape("oshape_packed", o), np.uint8).view(_Buffer) for o in range(self.num_outputs)
        ]
        self.obuf_packed = [np.empty(buffer.shape, np.uint8) for buffer in self.obuf_packed_device]

    def fold_input(self, ibuf_normal, ind=0):
        assert ibuf_normal.shape == self.ishape_normal(ind)
        return ibuf_normal.reshape(self._shape("ishape_folded", ind))

    def pack_input(self, ibuf_folded, ind=0):
        return finnpy_to_packed_bytearray(
            ibuf_folded, self.idt(ind), reverse_endian=True, reverse_inner=True, fast_mode=True
        )

    def copy_input_data_to_device(self, data, ind=0):
        np.copyto(self.ibuf_packed_device[ind], data)
        self.ibuf_packed_device[ind].flush()

    def execute_on_buffers(self, asynch=False, batch_size=None):
        n = self.batch_size if batch_size is None else batch_size
        start = time.monotonic()
        first = self.ibuf_packed_device[0].reshape(self.batch_size, -1)[:n, 0]
        self.obuf_packed_device[0].reshape(self.batch_size, -1)[:n, 0] = first % 24
        self._end = start + (self._latency + (n - 1) * self._interval) / (self.fclk_mhz * 1e6)
        if not asynch:
            self.wait_until_finished()

    def wait_until_finished(self):
        left = self._end - time.monotonic()
        while left > 0:
            if left > _SPIN_SECONDS:
                time.sleep(left - _SPIN_SECONDS)
            left = self._end - time.monotonic()

    def copy_output_data_from_device(self, data, ind=0):
        self.obuf_packed_device[ind].invalidate()
        np.copyto(data, self.obuf_packed_device[ind])

    def unpack_output(self, obuf_packed, ind=0):
        return packed_bytearray_to_finnpy(
            obuf_packed, self.odt(ind), self._shape("oshape_folded", ind), reverse_endian=True, reverse_inner=True
        )

    def unfold_output(self, obuf_folded, ind=0):
        return obuf_folded.reshape(self._shape("oshape_normal", ind))
