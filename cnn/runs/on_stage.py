"""What Play shows of a network: which layers as columns, and how many maps of each. Imports no
torch."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cnn.network import Architecture
from cnn.network.layers import Activation, BatchNorm2d, Conv2d, Linear, ResidualBlock
from cnn.network.layers import show as shape_of
from cnn.runs.watching import Subject

MAPS = 6  # of each layer
MOST_COLUMNS = 6
FIRST_CLASS = 7  # whose test image goes in at first


class Column(NamedTuple):
    """A layer as Play shows it: its number (from 1), its kind, its output's shape, and whether that
    are maps."""

    number: int
    title: str
    note: str
    maps: bool


def columns_of(network: Architecture) -> list[Column]:
    """Each convolution's maps after its activation, and each pooling; of a network without maps the
    hidden layers' units. At most `MOST_COLUMNS`, spread evenly; none where it cannot work."""
    rows = [row for row in network.table() if row.output_shape and row.problem is None]
    layers = network.all_layers
    found: list[Column] = []
    for place, row in enumerate(rows[:-1]):  # the last are the scores
        layer, following, shape = layers[place], layers[place + 1], tuple(row.output_shape or ())
        goes_on = isinstance(following, BatchNorm2d | Activation) and following.enabled
        computes = isinstance(layer, Conv2d | Linear | ResidualBlock | BatchNorm2d | Activation)
        pools = len(shape) == 3 and "pool" in layer.kind
        if layer.enabled and ((computes and not goes_on) or pools):
            title = layer.summary.split()[0].rstrip(",")
            found.append(Column(place + 1, title, shape_of(shape), len(shape) == 3))
    if len(found) > MOST_COLUMNS:
        spread = np.linspace(0, len(found) - 1, MOST_COLUMNS).round().astype(int)
        found = [found[i] for i in spread]
    return found


def on_stage(network: Architecture, image: NDArray[np.uint8]) -> Subject:
    """An image `(28, 28)` on its way through what Play shows of a network."""
    shown = {
        column.number: tuple(range(MAPS)) if column.maps else () for column in columns_of(network)
    }
    return Subject(image[None], shown)
