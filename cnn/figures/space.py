"""The network in space: a sheet of maps per layer, one behind the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cnn.common.text import confidence
from cnn.figures._base import hover, layout, plain
from cnn.figures.colours import INK, MUTED, SEQUENTIAL, TEXT, VALIDATION, signed_scale
from cnn.figures.images import mosaic

STEP = 0.95  # between two sheets


def planes(
    layers: Sequence[tuple[str, NDArray[np.float32]]],
    image: NDArray,
    dark: bool,
    probabilities: Sequence[float] = (),
    names: Sequence[str] = (),
    upright: bool = False,
) -> go.Figure:
    """The network in space: the image, a translucent sheet of maps per layer, and the classes.

    `layers` are names and maps `(n, h, w)`, the strongest first; brighter where a map answers.
    It runs from left to right, or, `upright`, from top to bottom, which suits a phone.
    """
    figure = go.Figure()
    ink = {"size": 12, "color": TEXT["dark" if dark else "light"]}
    places = np.cumsum([0.0, *[STEP] * len(layers)]).tolist()
    _sheet(figure, image.astype(np.float32), 0, 1.3, "The image", INK, False)
    for x, (name, maps) in zip(places[1:], layers, strict=True):
        signed = bool((maps < 0).any())
        scale = signed_scale(dark) if signed else SEQUENTIAL
        _sheet(figure, _side_by_side(maps), x, 2.2, name, scale, signed)
    end = places[-1]
    if len(probabilities):
        end += STEP
        figure.add_trace(_classes(end, probabilities, names, upright, ink))
    y, z, align = (-1.25, 0.0, "middle right") if upright else (0.0, 1.35, "middle center")
    at = {"x": places, "y": [y] * len(places), "z": [z] * len(places), "textposition": align}
    titles = ["Image", *(name for name, _ in layers)]
    figure.add_scatter3d(**at, mode="text", text=titles, textfont=ink, **hover(""))
    return _scene(figure, end, upright)


def _side_by_side(maps: NDArray[np.float32]) -> NDArray[np.float32]:
    """Maps `(n, h, w)` as one square sheet; small ones get more points, so that the gaps between
    them stay narrow."""
    times = max(1, round(20 / maps.shape[1]))
    large = maps.repeat(times, axis=1).repeat(times, axis=2)
    return mosaic(large, int(np.ceil(np.sqrt(len(maps)))), gap=2)


def _sheet(
    figure: go.Figure, values: NDArray, x: float, side: float, name: str, scale: list, signed: bool
) -> None:
    """Add an array as a translucent sheet at `x`, its longer side `side` long."""
    height, width = values.shape
    unit = side / max(height, width)
    y = ((width - 1) / 2 - np.arange(width)) * unit  # seen from the image's side
    z = ((height - 1) / 2 - np.arange(height)[:, None]) * unit
    peak = float(np.nanquantile(np.abs(values), 0.998)) or 1.0
    z = np.where(np.isnan(values), np.nan, np.broadcast_to(z, values.shape))
    places = {"x": np.full(values.shape, x), "y": np.broadcast_to(y, values.shape), "z": z}
    look = {"colorscale": scale, "cmin": -peak if signed else 0, "cmax": peak, "opacity": 0.9}
    figure.add_surface(
        **{axis: place.astype(np.float32) for axis, place in places.items()},
        surfacecolor=np.nan_to_num(values).astype(np.float32),
        lighting={"ambient": 1, "diffuse": 0, "specular": 0, "fresnel": 0},
        contours={axis: {"highlight": False} for axis in "xyz"},
        connectgaps=False,
        showscale=False,
        **look,
        **hover(name + "<br>%{surfacecolor:.3g}"),
    )


def _classes(
    x: float, shares: Sequence[float], names: Sequence[str], upright: bool, ink: dict[str, object]
) -> go.Scatter3d:
    """The classes as squares that grow with their probabilities, the winner in colour."""
    y, z = np.linspace(1.1, -1.1, len(shares)), np.zeros(len(shares))
    winner, shown = int(np.argmax(shares)), [plain(name) for name in names]
    if upright:  # side by side: only the winner has the room for its share
        growth, align, texts = 7, "bottom center", shown
        texts[winner] += f"<br>{confidence(shares[winner])}"
    else:
        y, z, growth, align = z, y, 14, "middle right"
        texts = [
            f"   {name}  {confidence(share)}" for name, share in zip(shown, shares, strict=True)
        ]
    colours = [VALIDATION if i == winner else MUTED for i in range(len(shares))]
    sizes = [4 + growth * float(share) for share in shares]
    look = {"mode": "markers+text", "textposition": align, "textfont": ink, "hoverinfo": "text"}
    marker = {"symbol": "square", "size": sizes, "color": colours}
    return go.Scatter3d(x=[x] * len(shares), y=y, z=z, text=texts, marker=marker, **look)


def _scene(figure: go.Figure, length: float, upright: bool) -> go.Figure:
    """The figure, `length` long, without axes or perspective."""
    if upright:
        height, eye, up, middle = 700, (-0.62, -0.12, -1.2), (-1, 0, 0), (0, -0.12, 0)
        aspect = (min(0.26 * length, 1.9), 0.55, 0.55)
    else:
        height, eye, up, middle = 440, (-0.85, -1.6, 0.5), (0, 0, 1), (0, 0, 0)
        aspect = (min(0.74 * length, 4.8), 1.35, 1.35)
    camera = {"eye": _xyz(eye), "up": _xyz(up), "center": _xyz(middle)}
    scene = {
        **{f"{axis}axis": {"visible": False, "showspikes": False} for axis in "xyz"},
        "aspectmode": "manual",
        "aspectratio": _xyz(aspect),
        "camera": camera | {"projection": {"type": "orthographic"}},
    }
    margin = {"l": 0, "r": 0, "t": 0, "b": 0}
    return layout(figure, height, showlegend=False, margin=margin, scene=scene)


def _xyz(point: tuple[float, float, float]) -> dict[str, float]:
    """A point as Plotly takes it."""
    return dict(zip("xyz", point, strict=True))
