"""Which image Inspect looks at: chosen there, or by a click on Draw or Evaluate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Source = Literal["Test image", "My drawing", "Upload", "Noise"]
ANY_CLASS = -1


@dataclass
class ImageChoice:
    """Where the image comes from, and which one it is."""

    source: Source = "Test image"
    index: int = 0  # of the test set
    wanted_class: int = ANY_CLASS  # "before" and "next" stay in this class
    map: tuple[int, int] | None = None  # a layer and its map that another page wants looked at
    wanted_epoch: tuple[str, int | None] | None = None  # of which run another page wants it seen
    back_to: str | None = None  # the page that led here, to which a link leads back
    drawing: NDArray[np.float32] | None = None  # the newest prepared digit, (28, 28) in 0-1
