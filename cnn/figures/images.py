"""Images, activation maps and filters as heat maps."""

from __future__ import annotations

import math

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cnn.figures._base import heat_map, hover, layout, picture
from cnn.figures.colours import DIVERGING, INK, NEGATIVE, POSITIVE, SEQUENTIAL

HEIGHT = 190  # of one map
PIXEL = hover("row %{y}, column %{x}<br>%{z:.3g}")


def mosaic(
    maps: NDArray[np.float32], columns: int | None = None, gap: int = 1
) -> NDArray[np.float32]:
    """Tiles `(n, h, w)` as one array, NaN between them and where tiles are missing."""
    n, h, w = maps.shape
    columns = min(columns or math.ceil(math.sqrt(n * 1.6)), n)
    rows = math.ceil(n / columns)
    sheet = np.full((rows * (h + gap) - gap, columns * (w + gap) - gap), np.nan, np.float32)
    for index, tile in enumerate(maps):
        row, column = divmod(index, columns)
        top, left = row * (h + gap), column * (w + gap)
        sheet[top : top + h, left : left + w] = tile
    return sheet


def tiles(maps: NDArray[np.float32], signed: bool | None = None, what: str = "map") -> go.Figure:
    """Many maps or filters `(n, h, w)` as one picture on one colour scale.

    Signed values get a diverging scale around zero. Hover names the tile (`what` and its number)
    and the value.
    """
    sheet = mosaic(maps)
    numbers = mosaic(np.broadcast_to(np.arange(len(maps))[:, None, None], maps.shape))
    bar = {"thickness": 8, "len": 0.9, "tickfont": {"size": 10}, "outlinewidth": 0}
    look = _colour_scale(maps, signed) | hover(f"{what} %{{customdata}}<br>%{{z:.4f}}")
    figure = heat_map(sheet, customdata=numbers, hoverongaps=False, colorbar=bar, **look)
    height = max(110, min(620, round(980 * sheet.shape[0] / sheet.shape[1])))
    return picture(figure, height, margin=4)


def digit(image: NDArray[np.floating]) -> go.Figure:
    """One image, ink bright, with its values on hover."""
    largest = max(float(np.max(image)), 1e-6)
    return picture(heat_map(image, colorscale=INK, zmin=0, zmax=largest, **PIXEL), HEIGHT)


def vector(values: NDArray[np.float32]) -> go.Figure:
    """A flat layer's outputs as bars in their order."""
    colours = np.where(values < 0, NEGATIVE, POSITIVE)
    marker = {"color": colours, "line_width": 0}
    figure = go.Figure(go.Bar(y=values, marker=marker, **hover("unit %{x}: %{y:.4f}")))
    figure.update_xaxes(title="Unit")
    figure.update_yaxes(title="Output")
    return layout(figure, 180, bargap=0.05)


def activation_map(values: NDArray[np.float32]) -> go.Figure:
    """One map on the scale that suits it: heat, or blue-orange around zero where it is signed."""
    return picture(heat_map(values, **_colour_scale(values), **PIXEL), HEIGHT)


def kernel(values: NDArray[np.float32]) -> go.Figure:
    """A filter as a matrix with its numbers written in."""
    written = [[f"{v:.2g}" for v in row] for row in values.tolist()]
    look = {"texttemplate": "%{text}", "textfont": {"size": 15}, "xgap": 2, "ygap": 2}
    scale = _colour_scale(values, signed=True)
    figure = heat_map(values, text=written, **look, **scale, **hover(""))
    return picture(figure, HEIGHT)


def _colour_scale(values: NDArray[np.float32], signed: bool | None = None) -> dict[str, object]:
    """Plotly's colour scale and its limits; `signed` None: where a value is below zero."""
    signed = bool((values < 0).any()) if signed is None else signed
    largest = float(np.abs(values).max()) or 1.0
    colours, low = (DIVERGING, -largest) if signed else (SEQUENTIAL, 0)
    return {"colorscale": colours, "zmin": low, "zmax": largest}
