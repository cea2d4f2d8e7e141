"""What a network predicts: probabilities, how they moved over the epochs, confusions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cnn.common.text import confidence, percent, plural
from cnn.figures._base import (
    NAMES,
    curve,
    heat_map,
    hover,
    labelled_bars,
    layout,
    legend_row,
    plain,
)
from cnn.figures.colours import BLACK, CLASSES, CONFUSIONS, LABELS, MUTED, PAPER, TEXT, VALIDATION

WHITE_FROM = {"light": 0.94, "dark": 0.7}  # a cell's strength: white stands out more from there on

MOST_EPOCH_TICKS = 10
LIKELY = 0.15  # a network that has learned nothing gives each of ten classes about a tenth


def confusion_heatmap(
    counts: NDArray[np.int64],
    names: Sequence[str],
    per_cent: bool = False,
    dim_diagonal: bool = False,
    dark: bool = False,
) -> go.Figure:
    """The annotated confusion matrix, Truth down, Predicted across: counts, or `per_cent` of each
    true class.

    Coloured by the share of each true class, on a scale that keeps rare confusions visible;
    `dim_diagonal` leaves what is right uncoloured, and spreads the scale over the mistakes; `dark`
    says which page it lies on, so that every number can be read. Every cell is a point that can be
    selected: its place in the trace `cells` is truth * classes + prediction.
    """
    names = [plain(name) for name in names]
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    colour = np.sqrt(share)
    if dim_diagonal:
        np.fill_diagonal(colour, 0)
        colour /= max(float(colour.max()), 1e-9)
    look = {"colorscale": CONFUSIONS, "zmin": 0, "zmax": 1, "xgap": 2, "ygap": 2, **hover("")}
    figure = heat_map(colour, x=list(names), y=list(names), **look)
    theme = "dark" if dark else "light"
    strong = colour > WHITE_FROM[theme]
    faint = ~strong & ((counts == 0) | (np.eye(len(names), dtype=bool) & dim_diagonal))
    usual = TEXT["dark"] if dark else BLACK
    for where, ink in ((~strong & ~faint, usual), (faint, LABELS[theme]), (strong, PAPER)):
        row, column = (places.tolist() for places in np.nonzero(where))
        cells = {"x": [names[i] for i in column], "y": [names[i] for i in row]}
        numbers = [
            _percentage(p) if per_cent else str(n)
            for n, p in zip(counts[where], share[where], strict=True)
        ]
        # A colour for selected text keeps Plotly from fading all other text at a selection.
        text_look = {"mode": "text", "textfont_color": ink, "selected_textfont_color": MUTED}
        figure.add_scatter(text=numbers, showlegend=False, **cells, **text_look, **hover(""))
    # A heat map's cells cannot be selected: a mark on each can, unseen until it is.
    mark = {
        "symbol": "square-open",
        "size": 28,
        "color": TEXT[theme],
        "line_width": 3,
        "opacity": 0,
    }
    about = [
        f"truth {truth}, read as {guess}<br>{plural(int(n), 'image')}, {percent(p, 2)} of {truth}"
        for (truth, guess), n, p in zip(
            product(names, names), counts.ravel(), share.ravel(), strict=True
        )
    ]
    figure.add_scatter(
        name="cells",
        x=list(names) * len(names),
        y=[name for name in names for _ in names],
        customdata=np.stack([counts.ravel(), share.ravel()], axis=1),
        hovertext=about,
        mode="markers",
        marker=mark,
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 0}},
        showlegend=False,
        **hover("%{hovertext}"),
    )
    edges = [-0.5, len(names) - 0.5]  # else the marks get room of their own
    figure.update_xaxes(title="Predicted", side="top", range=edges, fixedrange=True, **NAMES)
    figure.update_yaxes(title="Truth", range=edges[::-1], fixedrange=True, **NAMES)
    figure.update_xaxes(ticks="", title_standoff=4)
    figure.update_yaxes(ticks="", title_standoff=12)
    return layout(figure, 460, dragmode=False, clickmode="event+select", hovermode="closest")


def _percentage(share: float) -> str:
    """A share in per cent, in no more room than a cell has."""
    return "0" if share == 0 else f"{100 * share:.1f}" if share < 0.9995 else "100"


def probability_bars(
    probabilities: Sequence[float], names: Sequence[str], has_winner: bool = True
) -> go.Figure:
    """One bar per class, the winner (where there is one) in another colour and bold, every bar with
    its figure."""
    winner = int(np.argmax(probabilities)) if has_winner else None
    shown = [plain(name) for name in names]
    labels = [f"<b>{name}</b>" if i == winner else name for i, name in enumerate(shown)]
    colours = [VALIDATION if i == winner else MUTED for i in range(len(names))]
    shares = [confidence(p, 1) for p in probabilities]
    figure = labelled_bars(probabilities, labels, colours, shares, "%{y}: %{text}")
    ticks = {"tickformat": ".0%", "tickvals": [0, 0.25, 0.5, 0.75, 1]}
    figure.update_xaxes(title="Probability", range=[0, 1.18], **ticks)
    return layout(figure, 340)


def answer_over_epochs(
    epochs: Sequence[int],
    probabilities: NDArray[np.float32],
    names: Sequence[str],
    early_steps: Sequence[int] = (),
) -> go.Figure:
    """Probability by epoch, `(epochs, classes)`, as lines; classes never above 15% are grey.

    With `early_steps`, steps of the first epoch whose rows stand behind that of epoch 0, the first
    epoch takes at least half of the width, and they are evenly spaced in it.
    """
    figure, names = go.Figure(), [plain(name) for name in names]
    places, ticks, words = _stretched(epochs, early_steps)
    highest = probabilities.max(axis=0)
    for k in np.argsort(highest):
        likely = bool(highest[k] > LIKELY)
        look = (CLASSES[k % 10], 3, "lines+markers") if likely else (MUTED, 1, "lines")
        trace = curve(places, probabilities[:, k].tolist(), *look)
        trace |= {"name": names[k], "showlegend": likely, "opacity": 1.0 if likely else 0.4}
        said = [
            f"{when}: {confidence(p, 1)}"
            for when, p in zip(words, probabilities[:, k], strict=True)
        ]
        text = hover(f"{names[k]} after %{{customdata}}")
        figure.add_scatter(**trace, customdata=said, **text)
    marks = {"tickvals": list(ticks), "ticktext": list(ticks.values()), "tickangle": 0}
    figure.update_xaxes(title="Epoch", **marks)
    figure.update_yaxes(title="Probability", range=[0, 1.04], tickformat=".0%")
    return layout(figure, 280, legend=legend_row() | {"traceorder": "reversed"})


def _stretched(
    epochs: Sequence[int], early_steps: Sequence[int]
) -> tuple[list[float], dict[float, str], list[str]]:
    """Where each row stands on an axis of epochs whose first leaves room for `early_steps`; some of
    these places with their ticks; and each row's words."""
    last = max(epochs, default=0)
    first = max(1.0, last - 1.0) if early_steps else 1.0  # the first epoch's width
    place = {epoch: first + epoch - 1 if epoch else 0.0 for epoch in epochs}
    before = [epoch for epoch in epochs if epoch == 0]
    within = [first * (i + 1) / (len(early_steps) + 1) for i in range(len(early_steps))]
    after = list(epochs[len(before) :])
    every = math.ceil(max(last, 1) / MOST_EPOCH_TICKS)
    ticks = {place[epoch]: str(epoch) for epoch in epochs if epoch % every == 0 or epoch == 1}
    for i, (x, step) in enumerate(zip(within, early_steps, strict=True)):
        ticks[x] = f"{step}<br>steps" if i == len(early_steps) // 2 else f"{step}"
    words = [f"epoch {epoch}" for epoch in before] + [f"step {step}" for step in early_steps]
    words += [f"epoch {epoch}" for epoch in after]
    return [place[e] for e in before] + within + [place[e] for e in after], ticks, words


def probabilities_over_epochs(
    epochs: Sequence[int],
    probabilities: NDArray[np.float32],
    names: Sequence[str],
    at: int | None = None,
) -> go.Figure:
    """This image's probabilities `(epochs, classes)` after each epoch."""
    figure, names = go.Figure(), [plain(name) for name in names]
    shown = probabilities.max(axis=0) > max(0.05, 1.6 / len(names))
    shown[probabilities[-1].argmax()] = True
    for i, name in enumerate(names):
        width, opacity = (2.5, 1) if shown[i] else (1, 0.35)
        trace = curve(list(epochs), probabilities[:, i], CLASSES[i % 10], width, "lines+markers")
        look = {"name": name, "opacity": opacity, "showlegend": bool(shown[i])}
        said = [confidence(p, 1) for p in probabilities[:, i]]
        text = hover("epoch %{x}: %{customdata}", name)
        figure.add_scatter(**trace, **look, customdata=said, **text)
    if at is not None:
        figure.add_vline(x=at, line={"color": MUTED, "dash": "dot"})
    figure.update_xaxes(title="Epoch", dtick=max(1, len(epochs) // 12))
    figure.update_yaxes(title="Probability", tickformat=".0%", range=[-0.02, 1.05])
    return layout(figure, 280, legend=legend_row())


def before_after(
    before: Sequence[float], after: Sequence[float], names: Sequence[str]
) -> go.Figure:
    """Each class's probability before and after an operation."""
    figure, classes = go.Figure(), [plain(name) for name in names]
    for values, name, colour in ((before, "before", MUTED), (after, "after", VALIDATION)):
        said, text = [confidence(p, 1) for p in values], hover("%{x}: %{customdata}", name)
        look = {"name": name, "marker_color": colour, "customdata": said}
        figure.add_bar(x=classes, y=list(values), **look, **text)
    figure.update_xaxes(**NAMES)
    figure.update_yaxes(title="Probability", tickformat=".0%", range=[0, 1.03])
    return layout(figure, 260, barmode="group", bargap=0.25, legend=legend_row())
