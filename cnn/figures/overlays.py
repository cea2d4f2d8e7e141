"""Evidence for and against a class, laid over the image in colours."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cnn.figures._base import hover, layout, picture
from cnn.figures.colours import ATTRIBUTION, EVIDENCE

RGB = tuple[int, int, int]


def evidence_overlay(
    image: NDArray[np.float32], evidence: NDArray[np.float32], largest: float | None = None
) -> NDArray[np.uint8]:
    """The ink in grey, evidence for a class in orange, evidence against it in blue.

    `image` float `(28, 28)` in 0-1, `evidence` float of the same shape, `largest` the value of the
    fullest colour. Returns uint8 `(28, 28, 3)`.
    """
    largest = largest or float(np.abs(evidence).max()) or 1.0
    strength = np.clip(np.abs(evidence) / largest, 0, 1) ** 0.6
    return _blend(22 + 120 * image, evidence, strength, EVIDENCE)


def overlay(
    image: NDArray, heat: NDArray[np.float32], opacity: float, height: int = 300
) -> go.Figure:
    """An attribution `(28, 28)` over the image, transparent where it is zero; its colours are those
    of `overlay_scale`, fullest at `overlay_peak`."""
    ink = image.astype(np.float32) / (float(image.max()) or 1.0)
    mixed = _laid_over(ink, heat / overlay_peak(heat), opacity)
    text = hover("row %{y}, column %{x}<br>%{customdata:.4g}")
    return picture(go.Figure(go.Image(z=mixed, customdata=heat, **text)), height)


def overlay_peak(heat: NDArray[np.float32]) -> float:
    """The value of an overlay's fullest colour: the largest, save for a few outliers."""
    return float(np.quantile(np.abs(heat), 0.995)) or float(np.abs(heat).max()) or 1.0


def overlay_scale(opacity: float, below: str, above: str) -> go.Figure:
    """The colours of every `overlay`, from its negative peak to its positive one, with names."""
    shares = np.linspace(-1, 1, 201, dtype=np.float32)[None]
    strip = _laid_over(np.zeros_like(shares), shares, opacity)
    figure = go.Figure(go.Image(z=strip.repeat(8, axis=0), hoverinfo="skip"))
    names = [below, "0", above]
    figure.update_xaxes(tickvals=[0, 100, 200], ticktext=names, showgrid=False, zeroline=False)
    figure.update_yaxes(visible=False, scaleanchor=None)
    margin = {"l": 44, "r": 44, "t": 4, "b": 30}
    return layout(figure, 56, dragmode=False, margin=margin)


def _laid_over(ink: NDArray, shares: NDArray, opacity: float) -> NDArray[np.uint8]:
    """Ink in 0-1 under evidence, whose `shares` of the fullest colour are in -1 to 1."""
    strength = np.clip(np.abs(shares), 0, 1) ** 0.8 * opacity
    return _blend(13 + ink * (255 - 13), shares, strength, ATTRIBUTION)


def _blend(
    grey: NDArray, values: NDArray, strength: NDArray, colours: tuple[RGB, RGB]
) -> NDArray[np.uint8]:
    """A grey image `(h, w)` in 0-255 under colours, as uint8 `(h, w, 3)`.

    The first of `colours` where `values` are above zero, the second elsewhere; `strength` in 0-1
    is how much of it hides the grey.
    """
    colour = np.where((values > 0)[..., None], *colours)
    mixed = grey[..., None] * (1 - strength[..., None]) + colour * strength[..., None]
    return np.clip(mixed, 0, 255).astype(np.uint8)
