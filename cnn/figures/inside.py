"""What goes on inside a network: histograms, overlays, scores through time, points in feature
space, planes in space."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cnn.figures._base import BEST, DIVERGING, MUTED, SEQUENTIAL, TRAIN, VALIDATION, layout, picture

HEAT = SEQUENTIAL
DIVERGING_DARK = [
    [0.0, "#8cc4f8"], [0.25, "#3d7ab8"], [0.5, "#1b2029"], [0.75, "#b9591d"], [1.0, "#ffb473"],
]  # fmt: skip
CLASS_COLOURS = [
    "#4a8fd6", "#ea7a2c", "#38a373", "#9a7bd0", "#d9534f", "#17a2a4", "#c9a227", "#d670a8",
    "#7d8b9c", "#a8704a",
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
    figure.update_yaxes(title="Pixels", type="log" if values.size > 60 else "linear")
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
        top = probabilities[:, i].max() > 0.05
        figure.add_scatter(
            x=list(epochs), y=probabilities[:, i], name=name, mode="lines+markers",
            line={"color": CLASS_COLOURS[i % 10], "width": 2.5 if top else 1},
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


def embedding(
    points: NDArray[np.float32],
    labels: NDArray[np.int64],
    guesses: NDArray[np.int64],
    names: Sequence[str],
    ids: NDArray[np.int64],
    axes: str = "Component",
    here: NDArray[np.float32] | None = None,
) -> go.Figure:
    """Feature vectors in 2 or 3 dimensions `(n, 2 or 3)`, coloured by class, mistakes crossed.

    A point's customdata is the test image's number, its truth and its guess. `here` is a further
    point, ringed: the image looked at.
    """
    figure = go.Figure()
    space = points.shape[1] == 3
    wrong = labels != guesses

    def add(where: NDArray[np.bool_], name: str, colour: str, mistake: bool) -> None:
        chosen = points[where]
        place = {"x": chosen[:, 0], "y": chosen[:, 1]}
        marker = {
            "size": (4 if mistake else 2.5) if space else (11 if mistake else 6),
            "color": colour,
            "symbol": "x" if mistake else "circle",
            "opacity": 1.0 if mistake else 0.75,
        }
        if mistake and not space:
            marker["line"] = {"width": 1.5, "color": "#ffffff"}
        common = {
            **place,
            "mode": "markers",
            "name": name,
            "marker": marker,
            "customdata": np.stack([ids[where], labels[where], guesses[where]], axis=1),
            "text": [f"{names[t]}, read as {names[g]}" if t != g else names[t]
                     for t, g in zip(labels[where], guesses[where], strict=True)],
            "hovertemplate": "%{text}<br>test image %{customdata[0]}<extra></extra>",
        }  # fmt: skip
        if space:
            figure.add_scatter3d(z=chosen[:, 2], **common)
        else:
            figure.add_scattergl(**common)

    for digit, name in enumerate(names):
        where = (labels == digit) & ~wrong
        if where.any():
            add(where, name, CLASS_COLOURS[digit % 10], False)
    if wrong.any():
        add(wrong, "mistakes", "#d9534f", True)
    if here is not None:
        marker = {"size": 7 if space else 18, "color": "rgba(0,0,0,0)",
                  "line": {"width": 3, "color": BEST}, "symbol": "circle"}  # fmt: skip
        if space:
            marker["color"] = BEST
            figure.add_scatter3d(x=[here[0]], y=[here[1]], z=[here[2]], mode="markers",
                                 name="this image", marker=marker, hoverinfo="name")  # fmt: skip
        else:
            figure.add_scatter(x=[here[0]], y=[here[1]], mode="markers", name="this image",
                               marker=marker, hoverinfo="name")  # fmt: skip
    layout(figure, 560, legend={"itemsizing": "constant", "font": {"size": 12}})
    if space:
        quiet = {"showbackground": False, "showticklabels": False}
        return figure.update_layout(
            scene={f"{a}axis": {**quiet, "title": f"{axes} {i}"} for i, a in enumerate("xyz", 1)}
            | {"aspectmode": "cube"},
            margin={"l": 0, "r": 0, "t": 0, "b": 0},
        )
    figure.update_xaxes(title=f"{axes} 1", showticklabels=False, zeroline=False)
    figure.update_yaxes(title=f"{axes} 2", showticklabels=False, zeroline=False)
    return figure


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


def spread(
    names: Sequence[str], quantiles: NDArray[np.float32], dead: Sequence[float]
) -> go.Figure:
    """Per layer, where its activations lie: `(layers, 5)` quantiles 1, 25, 50, 75 and 99 %, each
    divided by the layer's largest; `dead` is the share of units that never answer."""
    figure = go.Figure()
    figure.add_box(
        x=list(names), lowerfence=quantiles[:, 0], q1=quantiles[:, 1], median=quantiles[:, 2],
        q3=quantiles[:, 3], upperfence=quantiles[:, 4], marker_color=TRAIN, name="activations",
    )  # fmt: skip
    figure.add_bar(
        x=list(names), y=list(dead), yaxis="y2", name="dead units", opacity=0.45,
        marker_color="#d9534f", hovertemplate="%{x}<br>%{y:.1%} dead<extra></extra>", width=0.3,
    )  # fmt: skip
    figure.update_xaxes(type="category", showgrid=False, tickangle=-45)
    figure.update_yaxes(title="Activation (1 to 99 %)")
    return layout(
        figure, 400, legend={"orientation": "h", "y": 1.12, "x": 0},
        yaxis2={"overlaying": "y", "side": "right", "range": [0, 1.05], "tickformat": ".0%",
                "title": "Dead", "showgrid": False},
    )  # fmt: skip


def planes(
    layers: Sequence[tuple[str, NDArray[np.float32]]], image: NDArray, dark: bool,
    scores: Sequence[float] = (), names: Sequence[str] = (),
) -> go.Figure:  # fmt: skip
    """The network in space: the image, a row of translucent planes per layer, and the scores.

    `layers` are names and maps `(n, h, w)`, the strongest first; each map is a plane that faces
    the reader, brighter where it answers.
    """
    figure = go.Figure()

    def plane(values: NDArray, x: float, z: float, scale: list, signed: bool, peak: float,
              side: float, text: str, y: float = 0.0) -> None:  # fmt: skip
        h, w = values.shape
        # A surface's colours sit on its corners: each pixel is doubled, so that it stays square.
        ys = np.repeat(np.linspace(y - side / 2, y + side / 2, w + 1), 2)[1:-1]
        zs = np.repeat(np.linspace(z + side / 2, z - side / 2, h + 1), 2)[1:-1]
        colours = np.repeat(np.repeat(values, 2, axis=0), 2, axis=1)
        figure.add_surface(
            x=np.full(colours.shape, x), y=np.broadcast_to(ys, colours.shape),
            z=np.broadcast_to(zs[:, None], colours.shape), surfacecolor=colours,
            cmin=-peak if signed else 0, cmax=peak, colorscale=scale, showscale=False,
            opacity=0.88, hovertemplate=text + "<br>%{surfacecolor:.3g}<extra></extra>",
            lighting={"ambient": 1, "diffuse": 0, "specular": 0}, contours={
                a: {"highlight": False} for a in "xyz"},
        )  # fmt: skip

    ink = image.astype(np.float32)
    plane(ink, 0, 0, [[0, "#0d1117"], [1, "#ffffff"]], False, float(ink.max()) or 1, 1.5, "image")
    ticks, texts = [0.0], ["Image"]
    x = 0.0
    for name, maps in layers:
        x += 1.15
        ticks.append(x)
        texts.append(name)
        signed = bool((maps < 0).any())
        peak = float(np.quantile(np.abs(maps), 0.998)) or 1.0
        grid = int(np.ceil(np.sqrt(len(maps))))
        side = 2.1 / grid
        for i, values in enumerate(maps):
            row, column = divmod(i, grid)
            plane(
                values, x, (grid - 1) / 2 * side - row * side,
                signed_scale(dark) if signed else HEAT, signed, peak, side * 0.9, name,
                column * side - (grid - 1) / 2 * side,
            )  # fmt: skip
    if len(scores):
        x += 1.15
        places = np.linspace(1.1, -1.1, len(scores))
        winner = int(np.argmax(scores))
        figure.add_scatter3d(
            x=[x] * len(scores), y=[0.0] * len(scores), z=places, mode="markers+text",
            text=[f" {n} {s:.0%}" for n, s in zip(names, scores, strict=True)],
            textposition="middle right", hoverinfo="text", textfont={"size": 12,
            "color": "#e8e6e1" if dark else "#1f2430"},
            marker={"size": [5 + 16 * float(s) for s in scores], "symbol": "square",
                    "color": [VALIDATION if i == winner else MUTED for i in range(len(scores))]},
        )  # fmt: skip
        ticks.append(x)
        texts.append("Scores")
    plain = {"showbackground": False, "showgrid": False, "zeroline": False, "title": "",
             "showspikes": False}  # fmt: skip
    layout(figure, 560, showlegend=False)
    return figure.update_layout(
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        scene={
            "xaxis": {**plain, "tickvals": ticks, "ticktext": texts,
                      "tickfont": {"color": "#e8e6e1" if dark else "#1f2430", "size": 11}},
            "yaxis": {**plain, "showticklabels": False},
            "zaxis": {**plain, "showticklabels": False},
            "aspectmode": "data",
            "camera": {"eye": {"x": -0.55, "y": -1.25, "z": 0.5}, "up": {"x": 0, "y": 0, "z": 1}},
        },
    )  # fmt: skip


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
