"""What every figure repeats: its layout, and traces with our look.

Streamlit's theme gives fonts, grid and background.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

# Plotly takes pandas from sys.modules without waiting for it: met half imported by another
# thread (the app loads torch and Streamlit its own parts behind the first page), it raises.
import pandas  # noqa: F401
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray

NAMES = {"type": "category", "showgrid": False}  # an axis of names


def plain(name: str) -> str:
    """A text that may be anybody's (a run's name, a class's), as a figure shows it.

    Plotly reads a subset of HTML, links among it, in names, titles, ticks and under the mouse, and
    `%{...}` in templates. Every figure escapes what it is handed, once, here.
    """
    return escape(name, quote=False).replace("{", "&#123;").replace("}", "&#125;")


def layout(figure: go.Figure, height: int, **more: object) -> go.Figure:
    """The figure, `height` pixels high, with thin margins and no background; zoom survives a
    live update."""
    clear = "rgba(0,0,0,0)"
    margin = {"l": 8, "r": 8, "t": 28, "b": 8}
    look = {"uirevision": "keep", "paper_bgcolor": clear, "plot_bgcolor": clear}
    return figure.update_layout({"height": height, "margin": margin, **look, **more})


def picture(figure: go.Figure, height: int, margin: int = 0) -> go.Figure:
    """The figure with square pixels, row 0 at the top, no axes; `margin` above and below."""
    figure.update_xaxes(visible=False, constrain="domain")
    figure.update_yaxes(visible=False, autorange="reversed", scaleanchor="x", constrain="domain")
    margins = {"l": 0, "r": 0, "t": margin, "b": margin}
    return layout(figure, height, dragmode=False, margin=margins)


def legend_row(y: float = 1.02, yanchor: str = "bottom") -> dict[str, object]:
    """A legend in one row from the left edge, above the chart unless `y`, in figure heights, says
    another place. Where there is no width for one row, further ones grow away from the chart."""
    return {"orientation": "h", "y": y, "yanchor": yanchor, "x": 0}


def hover(text: str, name: str = "") -> dict[str, str]:
    """The text under the mouse, `name` beside it; none where it is empty."""
    return {"hovertemplate": f"{text}<extra>{name}</extra>"} if text else {"hoverinfo": "skip"}


def curve(
    x: ArrayLike, y: ArrayLike, colour: str | None, width: float = 2.5, mode: str = "lines"
) -> dict[str, object]:
    """A line through points, as a scatter trace takes it."""
    return {"x": x, "y": y, "mode": mode, "line": {"color": colour, "width": width}}


def heat_map(values: NDArray, **more: object) -> go.Figure:
    """A figure of one array in colours; without `colorbar` it has none."""
    show = {} if "colorbar" in more else {"showscale": False}
    return go.Figure(go.Heatmap(z=values, **show, **more))


def labelled_bars(
    values: Sequence[float], names: Sequence[str], colours: list, labels: list[str], text: str
) -> go.Figure:
    """Horizontal bars, the first at the top, each with its label; `text` under the mouse."""
    look = {"orientation": "h", "textposition": "outside", "cliponaxis": False, **hover(text)}
    figure = go.Figure(
        go.Bar(x=list(values), y=list(names), marker={"color": colours}, text=labels, **look)
    )
    figure.update_yaxes(autorange="reversed", **NAMES)
    return figure.update_layout(bargap=0.3)
