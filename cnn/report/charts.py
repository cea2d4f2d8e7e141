"""Charts of a report as SVG and HTML text: they need no script, and print sharply."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cnn.common.text import percent
from cnn.figures.colours import BEST, MUTED, PROBLEM, TRAIN

WIDTH, HEIGHT = 340, 210
LEFT, RIGHT, TOP, BOTTOM = 46, 10, 22, 34  # room around the plot
GRID = "#d9dde3"


class Series(NamedTuple):
    """A curve: its points in order, y None where there is none."""

    name: str
    x: Sequence[float]
    y: Sequence[float | None]
    colour: str


def line_chart(
    series: Sequence[Series],
    x_title: str,
    y_title: str,
    per_cent: bool = False,
    log: bool = False,
    y_limits: tuple[float, float] | None = None,
    size: tuple[int, int] = (WIDTH, HEIGHT),
) -> str:
    """Curves as an SVG picture; on a logarithmic axis what is not above 0 is left out."""
    curves = [_points(one, log) for one in series]
    xs = [x for points in curves for x, _ in points]
    ys = [y for points in curves for _, y in points]
    if not xs:
        return "<p class='note'>Nothing to draw.</p>"
    low, high = y_limits or (min(ys), max(ys))
    low, high = (low, high) if high > low else (low - 0.5, high + 0.5)
    first, last = (min(xs), max(xs)) if max(xs) > min(xs) else (xs[0] - 0.5, xs[0] + 0.5)
    width, height = size

    def place(x: float, y: float) -> str:
        across = LEFT + (x - first) / (last - first) * (width - LEFT - RIGHT)
        down = height - BOTTOM - (y - low) / (high - low) * (height - TOP - BOTTOM)
        return f"{across:.1f},{down:.1f}"

    parts = [_grid(low, high, size, per_cent, log), _ticks(sorted({*xs}), first, last, size)]
    parts.append(_text((LEFT + width - RIGHT) / 2, height - 4, x_title, "middle"))
    names = " &#160; ".join(
        f'<tspan fill="{one.colour}">&#9632;</tspan> {escape(one.name)}'
        for one in series
        if one.name
    )
    heading = escape(y_title) + (f" &#160; {names}" if names else "")
    parts.append(f'<text x="2" y="12" font-size="11">{heading}</text>')
    for one, points in zip(series, curves, strict=True):
        drawn = " ".join(place(x, y) for x, y in points)
        parts.append(
            f'<polyline points="{drawn}" fill="none" stroke="{one.colour}" stroke-width="2"/>'
        )
        if len(points) <= 40:
            for x, y in points:
                across, down = place(x, y).split(",")
                parts.append(f'<circle cx="{across}" cy="{down}" r="2.6" fill="{one.colour}"/>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-label="{escape(y_title)} by {escape(x_title)}">'
        f"{''.join(parts)}</svg>"
    )


def _points(one: Series, log: bool) -> list[tuple[float, float]]:
    known = [
        (x, y) for x, y in zip(one.x, one.y, strict=True) if y is not None and math.isfinite(y)
    ]
    return [(x, math.log10(y)) for x, y in known if y > 0] if log else known


def _grid(low: float, high: float, size: tuple[int, int], per_cent: bool, log: bool) -> str:
    parts, (width, height) = [], size
    for part in range(5):
        value = low + part / 4 * (high - low)
        down = height - BOTTOM - part / 4 * (height - TOP - BOTTOM)
        shown = 10**value if log else value
        text = percent(shown) if per_cent else f"{shown:.3g}"
        parts.append(
            f'<line x1="{LEFT}" x2="{width - RIGHT}" y1="{down:.1f}" y2="{down:.1f}" '
            f'stroke="{GRID}"/>'
        )
        parts.append(_text(LEFT - 4, down + 3.5, text, "end"))
    return "".join(parts)


def _ticks(xs: list[float], first: float, last: float, size: tuple[int, int]) -> str:
    every = max(1, math.ceil(len(xs) / 8))
    width, height = size
    return "".join(
        _text(
            LEFT + (x - first) / (last - first) * (width - LEFT - RIGHT),
            height - BOTTOM + 14,
            f"{x:g}",
            "middle",
        )
        for x in xs[::every]
    )


def _text(x: float, y: float, text: str, anchor: str) -> str:
    look = f'font-size="10" fill="#555c68" text-anchor="{anchor}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {look}>{escape(text)}</text>'


def bars(names: Sequence[str], shares: Sequence[float]) -> str:
    """Horizontal bars of shares in 0-1 with their figures, the smallest in another colour."""
    worst = min(shares, default=0)
    rows = []
    for name, share in zip(names, shares, strict=True):
        colour = PROBLEM if share == worst else TRAIN
        bar = f'<span class="bar" style="width:{100 * share:.1f}%;background:{colour}"></span>'
        rows.append(
            f'<tr><th>{escape(name)}</th><td class="bars">{bar}</td><td>{percent(share)}</td></tr>'
        )
    return f'<table class="barchart">{"".join(rows)}</table>'


def confusion_table(counts: NDArray[np.int64], names: Sequence[str]) -> str:
    """The annotated confusion matrix, Truth down, Predicted across, mistakes shaded by the root of
    their share of the class."""
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    rows = [
        f'<tr><th></th><th colspan="{len(names)}">Predicted</th></tr>',
        f"<tr><th>Truth</th>{head}</tr>",
    ]
    for truth, name in enumerate(names):
        cells = []
        for guess in range(len(names)):
            right = truth == guess
            strength = share[truth, guess] * 0.45 if right else math.sqrt(share[truth, guess])
            colour = _shade(BEST if right else PROBLEM, strength)
            ink = f' class="zero" style="color:{MUTED}"' if not counts[truth, guess] else ""
            cells.append(
                f'<td style="background:{colour}"><span{ink}>{counts[truth, guess]:,}</span></td>'
            )
        rows.append(f"<tr><th>{escape(name)}</th>{''.join(cells)}</tr>")
    return f'<div class="wide"><table class="confusion">{"".join(rows)}</table></div>'


def _shade(colour: str, strength: float) -> str:
    """A colour over white paper."""
    parts = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    mixed = [round(255 + (part - 255) * min(max(strength, 0), 1)) for part in parts]
    return f"rgb({', '.join(map(str, mixed))})"


def picture(image: NDArray[np.uint8], caption: str, alt: str) -> str:
    """A grey image `(H, W)` as a figure with its bytes in it; `caption` is text, escaped here."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG", optimize=True)
    data = base64.b64encode(file.getvalue()).decode()
    return (
        f'<figure><img src="data:image/png;base64,{data}" alt="{escape(alt)}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )
