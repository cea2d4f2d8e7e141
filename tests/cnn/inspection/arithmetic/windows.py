"""What a sliding window sees, cut out as the page's component does."""

import numpy as np

from cnn.inspection.arithmetic import WindowSum


def patch(found: WindowSum, row: int, column: int) -> np.ndarray:
    """The window's values at a place of the output: `(C, k, k)`, zeros outside the maps."""
    top, left = (
        place * found.stride[i] - found.padding[i] for i, place in enumerate((row, column))
    )
    values = np.zeros((len(found.inputs), *found.kernel), np.float32)
    height, width = found.inputs.shape[1:]
    for i in range(found.kernel[0]):
        for j in range(found.kernel[1]):
            y, x = top + i * found.dilation[0], left + j * found.dilation[1]
            if 0 <= y < height and 0 <= x < width:
                values[:, i, j] = found.inputs[:, y, x]
    return values
