"""What goes on inside a network: histograms, overlays, scores through time, points in feature
space, planes in space."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from cnn.figures._base import layout, picture
from cnn.figures.colours import CLASSES, DIVERGING, INK, MUTED, SEQUENTIAL, TRAIN, VALIDATION
from cnn.figures.images import mosaic

HEAT = SEQUENTIAL
DIVERGING_DARK = [
    [0.0, "#8cc4f8"], [0.25, "#3d7ab8"], [0.5, "#1b2029"], [0.75, "#b9591d"], [1.0, "#ffb473"],
]  # fmt: skip


def signed_scale(dark: bool) -> list:
    """Blue to orange; zero has the colour of the paper, light or dark."""
    return DIVERGING_DARK if dark else DIVERGING


def histogram(
    values: NDArray[np.float32],
    before: NDArray[np.float32] | None = None,
    names=("after", "before"),
) -> go.Figure:
    """How a map's values spread; `before`, where given, is the same map before its activation."""
    figure = go.Figure()
    both = [values.ravel()] + ([] if before is None else [before.ravel()])
    low, high = min(float(v.min()) for v in both), max(float(v.max()) for v in both)
    edges = np.linspace(low, high if high > low else low + 1, 41)
    for array, name, colour in zip(both, names, (VALIDATION, TRAIN), strict=False):
        counts, _ = np.histogram(array, edges)
        figure.add_bar(
            x=(edges[:-1] + edges[1:]) / 2, y=counts, name=name, marker_color=colour,
            opacity=0.75, width=(edges[1] - edges[0]),
            hovertemplate="%{x:.3g}: %{y} pixels<extra>" + name + "</extra>",
        )  # fmt: skip
    figure.update_xaxes(title="Activation")
    figure.update_yaxes(title="Pixels")
    if values.size > 60:
        figure.update_yaxes(type="log", dtick=1)  # whole powers of ten
    return layout(
        figure, 210, barmode="overlay", bargap=0, showlegend=before is not None,
        legend={"orientation": "h", "y": 1.18, "x": 0},
    )  # fmt: skip


def overlay(
    image: NDArray, heat: NDArray[np.float32], opacity: float, dark: bool, height: int = 300
) -> go.Figure:
    """An attribution `(28, 28)` over the image, transparent where it says nothing."""
    peak = float(np.quantile(np.abs(heat), 0.995)) or float(np.abs(heat).max()) or 1.0
    share = np.clip(heat / peak, -1, 1)
    ink = image.astype(np.float32) / (float(image.max()) or 1.0)
    grey = 13 + ink * (255 - 13)
    up, down = np.array([255, 122, 26]), np.array([64, 150, 245])
    colour = np.where(share[..., None] >= 0, up, down)
    alpha = (np.abs(share) ** 0.8 * opacity)[..., None]
    mixed = grey[..., None] * (1 - alpha) + colour * alpha
    figure = go.Figure(
        go.Image(
            z=np.clip(mixed, 0, 255).astype(np.uint8), customdata=heat,
            hovertemplate="row %{y}, column %{x}<br>%{customdata:.4g}<extra></extra>",
        )
    )  # fmt: skip
    return picture(figure, height)


def scores_over_epochs(
    epochs: Sequence[int], probabilities: NDArray[np.float32], names: Sequence[str],
    at: int | None = None,
) -> go.Figure:  # fmt: skip
    """This image's probabilities `(epochs, classes)` after each epoch."""
    figure = go.Figure()
    for i, name in enumerate(names):
        top = (
            probabilities[:, i].max() > max(0.05, 1.6 / len(names))
            or i == probabilities[-1].argmax()
        )
        figure.add_scatter(
            x=list(epochs), y=probabilities[:, i], name=name, mode="lines+markers",
            line={"color": CLASSES[i % 10], "width": 2.5 if top else 1},
            opacity=1 if top else 0.35, showlegend=bool(top),
            hovertemplate="epoch %{x}: %{y:.1%}<extra>" + name + "</extra>",
        )  # fmt: skip
    if at is not None:
        figure.add_vline(x=at, line={"color": MUTED, "dash": "dot"})
    figure.update_xaxes(title="Epoch", dtick=max(1, len(epochs) // 12))
    figure.update_yaxes(title="Probability", tickformat=".0%", range=[-0.02, 1.05])
    return layout(figure, 280, legend={"orientation": "h", "y": 1.2, "x": 0})


def contributions(
    names: Sequence[str], values: Sequence[float], title: str = "Adds to the score"
) -> go.Figure:
    """Signed contributions as bars, the first at the top."""
    figure = go.Figure(
        go.Bar(
            x=list(values), y=list(names), orientation="h",
            marker_color=[TRAIN if v < 0 else VALIDATION for v in values],
            text=[f"{v:+.3f}" for v in values], textposition="outside", cliponaxis=False,
            hovertemplate="%{y}: %{x:.4f}<extra></extra>",
        )
    )  # fmt: skip
    largest = max((abs(v) for v in values), default=1.0) or 1.0
    low = min(min(values, default=0.0), 0.0)
    figure.update_xaxes(title=title, range=[low - 0.3 * largest if low < 0 else 0, largest * 1.3])
    figure.update_yaxes(autorange="reversed", type="category", showgrid=False)
    return layout(figure, 60 + 24 * len(values), bargap=0.3)


def similarity(values: NDArray[np.float32], names: Sequence[str]) -> go.Figure:
    """How alike the layers' representations are, `(layers, layers)` in 0-1."""
    figure = go.Figure(
        go.Heatmap(
            z=values, x=list(names), y=list(names), zmin=0, zmax=1, colorscale=HEAT,
            xgap=1, ygap=1, colorbar={"thickness": 8, "outlinewidth": 0},
            hovertemplate="%{y}<br>%{x}<br>similarity %{z:.3f}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(type="category", showgrid=False, tickangle=-45)
    figure.update_yaxes(type="category", showgrid=False, autorange="reversed")
    return layout(figure, 420)


def spreads(
    names: Sequence[str],
    counts: Sequence[NDArray[np.int64]],
    edges: Sequence[NDArray[np.float64]],
    dead: Sequence[float],
) -> go.Figure:
    """Small histograms, one per layer: `counts` between `edges`; `dead` is the share of maps that
    never answer, and turns a title red."""
    across = 4
    rows = -(-len(names) // across)
    titles = [
        f"<span style='color:#d9534f'>{name} · {share:.0%} dead</span>" if share else name
        for name, share in zip(names, dead, strict=True)
    ]
    figure = make_subplots(
        rows, across, subplot_titles=titles, vertical_spacing=0.3 / max(rows, 1),
        horizontal_spacing=0.05,
    )  # fmt: skip
    for i, (count, edge) in enumerate(zip(counts, edges, strict=True)):
        middle, share = (edge[:-1] + edge[1:]) / 2, count / max(count.sum(), 1)
        figure.add_bar(
            x=middle, y=np.sqrt(share), customdata=share, width=edge[1] - edge[0],
            marker_color=np.where(middle < 0, TRAIN, VALIDATION), marker_line_width=0,
            hovertemplate="%{x:.3g}: %{customdata:.2%}<extra></extra>",
            row=i // across + 1, col=i % across + 1,
        )  # fmt: skip
    figure.update_yaxes(visible=False)
    figure.update_annotations(font_size=12)
    return layout(figure, 60 + 130 * rows, showlegend=False, bargap=0)


def planes(
    layers: Sequence[tuple[str, NDArray[np.float32]]], image: NDArray, dark: bool,
    scores: Sequence[float] = (), names: Sequence[str] = (), upright: bool = False,
) -> go.Figure:  # fmt: skip
    """The network in space: the image, a translucent sheet of maps per layer, and the scores.

    `layers` are names and maps `(n, h, w)`, the strongest first; brighter where a map answers.
    It runs from left to right, or, `upright`, from top to bottom, which suits a phone.
    """
    figure = go.Figure()
    ink = "#e8e6e1" if dark else "#1f2430"

    def sheet(values: NDArray, x: float, side: float, scale: list, signed: bool, text: str) -> None:
        height, width = values.shape
        unit = side / max(height, width)
        ys = ((width - 1) / 2 - np.arange(width)) * unit  # seen from the image's side
        zs = ((height - 1) / 2 - np.arange(height)) * unit
        peak = float(np.nanquantile(np.abs(values), 0.998)) or 1.0
        hole = np.isnan(values)
        figure.add_surface(
            x=np.full(values.shape, x, np.float32),
            y=np.broadcast_to(ys, values.shape).astype(np.float32),
            z=np.where(hole, np.nan, np.broadcast_to(zs[:, None], values.shape)).astype(np.float32),
            surfacecolor=np.nan_to_num(values).astype(np.float32),
            cmin=-peak if signed else 0, cmax=peak, colorscale=scale, showscale=False,
            opacity=0.9, hovertemplate=text + "<br>%{surfacecolor:.3g}<extra></extra>",
            lighting={"ambient": 1, "diffuse": 0, "specular": 0, "fresnel": 0},
            contours={a: {"highlight": False} for a in "xyz"}, connectgaps=False,
        )  # fmt: skip

    sheet(image.astype(np.float32), 0, 1.3, INK, False, "The image")
    places, texts = [0.0], ["Image"]
    x = 0.0
    for name, maps in layers:
        x += 0.95
        places.append(x)
        texts.append(name)
        signed = bool((maps < 0).any())
        # Small maps get more points, so that the gaps between them stay narrow.
        times = max(1, round(20 / maps.shape[1]))
        large = maps.repeat(times, axis=1).repeat(times, axis=2)
        grid = int(np.ceil(np.sqrt(len(maps))))
        scale = signed_scale(dark) if signed else HEAT
        sheet(mosaic(large, grid, gap=2), x, 2.2, scale, signed, name)
    if len(scores):
        x += 0.95
        row = np.linspace(1.1, -1.1, len(scores))
        winner, still = int(np.argmax(scores)), np.zeros(len(scores))
        shares = [f"{score:.0%}" for score in scores]
        if upright:  # side by side: only the winner has the room for its share
            told = list(names)
            told[winner] += f"<br>{shares[winner]}"
        else:
            told = [f"   {name}  {share}" for name, share in zip(names, shares, strict=True)]
        figure.add_scatter3d(
            x=[x] * len(scores), y=row if upright else still, z=still if upright else row,
            mode="markers+text", text=told, hoverinfo="text",
            textposition="bottom center" if upright else "middle right",
            textfont={"size": 12, "color": ink},
            marker={"symbol": "square",
                    "size": [4 + (7 if upright else 14) * float(s) for s in scores],
                    "color": [VALIDATION if i == winner else MUTED for i in range(len(scores))]},
        )  # fmt: skip
    figure.add_scatter3d(
        x=places, y=[-1.25 if upright else 0.0] * len(places),
        z=[0.0 if upright else 1.35] * len(places), mode="text", text=texts,
        textposition="middle right" if upright else "middle center",
        textfont={"size": 12, "color": ink}, hoverinfo="skip",
    )  # fmt: skip
    plain = {"visible": False, "showspikes": False}
    layout(figure, 700 if upright else 600, showlegend=False)
    if upright:
        eye, up = {"x": -0.62, "y": -0.12, "z": -1.2}, {"x": -1, "y": 0, "z": 0}
        aspect = {"x": min(0.26 * x, 1.9), "y": 0.55, "z": 0.55}
    else:
        eye, up = {"x": -0.85, "y": -1.6, "z": 0.5}, {"x": 0, "y": 0, "z": 1}
        aspect = {"x": min(0.52 * x, 3.4), "y": 0.95, "z": 0.95}
    return figure.update_layout(
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        scene={
            "xaxis": plain, "yaxis": plain, "zaxis": plain, "aspectmode": "manual",
            "aspectratio": aspect,
            "camera": {"eye": eye, "up": up, "center": {"x": 0, "y": -0.12 * upright, "z": 0},
                       "projection": {"type": "orthographic"}},
        },
    )  # fmt: skip


def before_after(
    before: Sequence[float], after: Sequence[float], names: Sequence[str]
) -> go.Figure:
    """Each class's probability before and after an operation."""
    figure = go.Figure()
    for values, name, colour in ((before, "before", MUTED), (after, "after", VALIDATION)):
        figure.add_bar(
            x=list(names), y=list(values), name=name, marker_color=colour,
            hovertemplate="%{x}: %{y:.2%}<extra>" + name + "</extra>",
        )  # fmt: skip
    figure.update_xaxes(type="category", showgrid=False)
    figure.update_yaxes(title="Probability", tickformat=".0%", range=[0, 1.03])
    return layout(
        figure, 260, barmode="group", bargap=0.25, legend={"orientation": "h", "y": 1.2, "x": 0}
    )


def function_curve(function: Callable[[float], float], at: float, name: str) -> go.Figure:
    """An activation function, and where one value stands on it."""
    reach = max(4.0, abs(at) * 1.3)
    x = np.linspace(-reach, reach, 161)
    figure = go.Figure()
    figure.add_scatter(
        x=x, y=[function(float(v)) for v in x], mode="lines", line={"color": TRAIN, "width": 3},
        hovertemplate="%{x:.3f} → %{y:.3f}<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=[at], y=[function(at)], mode="markers", marker={"size": 13, "color": VALIDATION},
        hovertemplate="this value: %{x:.4f} → %{y:.4f}<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(title="In")
    figure.update_yaxes(title="Out")
    return layout(figure, 230, showlegend=False)
