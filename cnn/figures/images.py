"""Images, activation maps and filters as heat maps."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cnn.figures._base import layout, picture
from cnn.figures.colours import DIVERGING, INK, SEQUENTIAL


def mosaic(
    maps: NDArray[np.float32], columns: int | None = None, gap: int = 1
) -> NDArray[np.float32]:
    """Lay `(n, h, w)` tiles out as one array, NaN between them and where tiles are missing."""
    n, h, w = maps.shape
    columns = columns or math.ceil(math.sqrt(n * 1.6))
    columns = min(columns, n)
    rows = math.ceil(n / columns)
    sheet = np.full((rows * (h + gap) - gap, columns * (w + gap) - gap), np.nan, np.float32)
    for index, tile in enumerate(maps):
        row, column = divmod(index, columns)
        top, left = row * (h + gap), column * (w + gap)
        sheet[top : top + h, left : left + w] = tile
    return sheet


def tiles(
    maps: NDArray[np.float32],
    columns: int | None = None,
    signed: bool | None = None,
    ids: Sequence[int] | None = None,
    what: str = "map",
) -> go.Figure:
    """Many maps or filters `(n, h, w)` as one picture on one colour scale.

    Signed values get a diverging scale around zero. Hover names the tile (`what` and its number
    in `ids`) and the value.
    """
    n, _h, _w = maps.shape
    columns = min(columns or math.ceil(math.sqrt(n * 1.6)), n)
    ids = range(n) if ids is None else ids
    sheet = mosaic(maps, columns)
    signed = bool((maps < 0).any()) if signed is None else signed
    largest = float(np.abs(maps).max()) or 1.0
    numbers = mosaic(np.broadcast_to(np.asarray(ids)[:, None, None], maps.shape), columns)
    figure = go.Figure(
        go.Heatmap(
            z=sheet, customdata=numbers, hoverongaps=False,
            zmin=-largest if signed else 0, zmax=largest,
            colorscale=DIVERGING if signed else SEQUENTIAL,
            colorbar={"thickness": 8, "len": 0.9, "tickfont": {"size": 10}, "outlinewidth": 0},
            hovertemplate=f"{what} %{{customdata}}<br>%{{z:.4f}}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(visible=False, constrain="domain")
    figure.update_yaxes(visible=False, autorange="reversed", scaleanchor="x", constrain="domain")
    tall = max(110, min(620, round(980 * sheet.shape[0] / sheet.shape[1])))
    layout(figure, tall, dragmode=False)
    return figure.update_layout(margin={"l": 0, "r": 0, "t": 4, "b": 4})


def digit(image: NDArray[np.floating], height: int = 220) -> go.Figure:
    """One image, ink bright, with its values on hover."""
    figure = go.Figure(
        go.Heatmap(
            z=image, colorscale=INK, showscale=False,
            zmin=0, zmax=max(float(np.max(image)), 1e-6),
            hovertemplate="row %{y}, column %{x}<br>%{z:.3g}<extra></extra>",
        )
    )  # fmt: skip
    return picture(figure, height)


def vector(values: NDArray[np.float32]) -> go.Figure:
    """A flat layer's outputs as bars in their order."""
    figure = go.Figure(
        go.Bar(
            y=values,
            marker={"color": np.where(values < 0, "#4a8fd6", "#ea7a2c"), "line_width": 0},
            hovertemplate="unit %{x}: %{y:.4f}<extra></extra>",
        )
    )
    figure.update_xaxes(title="Unit")
    figure.update_yaxes(title="Output")
    return layout(figure, 180, bargap=0.05)


def plane(values: NDArray[np.float32], height: int = 190) -> go.Figure:
    """One map on the scale that suits it: heat, or blue-orange around zero where it is signed."""
    signed = bool((values < 0).any())
    largest = float(np.abs(values).max()) or 1.0
    figure = go.Figure(
        go.Heatmap(
            z=values, zmin=-largest if signed else 0, zmax=largest, showscale=False,
            colorscale=DIVERGING if signed else SEQUENTIAL,
            hovertemplate="row %{y}, column %{x}<br>%{z:.3g}<extra></extra>",
        )
    )  # fmt: skip
    return picture(figure, height)


def kernel(values: NDArray[np.float32], height: int = 190) -> go.Figure:
    """A filter as a matrix with its numbers written in."""
    largest = float(np.abs(values).max()) or 1.0
    figure = go.Figure(
        go.Heatmap(
            z=values, zmin=-largest, zmax=largest, colorscale=DIVERGING, showscale=False,
            xgap=2, ygap=2, text=[[f"{v:.2g}" for v in row] for row in values.tolist()],
            texttemplate="%{text}", textfont={"size": 15}, hoverinfo="skip",
        )
    )  # fmt: skip
    return picture(figure, height)
