"""The I/O of RadioML VGG10 (w4a4, 32 filters) as FINN's builder describes it in a package's `driver.py`."""

from driver_base import FINNExampleOverlay  # noqa: F401
from finn.core.datatype import DataType

io_shape_dict = {
    "idt": [DataType["INT8"]],
    "odt": [DataType["UINT8"]],
    "ishape_normal": [(1, 1024, 1, 2)],
    "oshape_normal": [(1, 1)],
    "ishape_folded": [(1, 1024, 1, 1, 2)],
    "oshape_folded": [(1, 1, 1)],
    "ishape_packed": [(1, 1024, 1, 1, 2)],
    "oshape_packed": [(1, 1, 1)],
    "input_dma_name": ["idma0"],
    "output_dma_name": ["odma0"],
    "num_inputs": 1,
    "num_outputs": 1,
}
