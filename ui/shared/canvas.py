"""The drawing canvas: a drawing that outlives a page switch, with undo, redo and clear.

The strokes come from streamlit-drawable-canvas. Which drawings there were is kept here, not in the
browser, so that a page switch, a reload of the component and "clear" can all be undone.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st
from streamlit_drawable_canvas import st_canvas

from cnn.drawing import FabricDrawing, Stroke, strokes_from_canvas
from ui.shared import state
from ui.shared.components import SHORTCUTS_JS
from ui.shared.projector import scaled
from ui.shared.reports import CANVAS, read
from ui.shared.sheet import CanvasState, Sheet, objects, paths

SIZE = 420  # narrower windows show it smaller, a projector larger; the strokes are as on this
BRUSH = 27
_prompt = st.components.v2.component(
    "cnn_canvas_prompt",
    html="<span></span>",
    # reports as soon as the pen is lifted
    js=f"{SHORTCUTS_JS}\n{Path(__file__).with_suffix('.js').read_text('utf-8')}",
    isolate_styles=False,
)


def sheet(name: str = "draw") -> Sheet:
    """This session's sheet of that name."""
    return state.page(CanvasState).sheets[name]


def brush() -> int:
    """The brush's width on the sheet, in its pixels."""
    return int(st.session_state.get("brush", BRUSH))


def canvas(
    name: str = "draw", part: str = "draw", size: int = SIZE, tools: bool = True
) -> FabricDrawing | None:
    """The drawing on the canvas of `size` pixels, laid out with its tools; None where it is empty.

    The component forgets its drawing when it leaves the screen, and takes what it is handed only
    when that changes: handing the newest drawing back at every rerun would redraw it while the pen
    is down.
    `part` is the part of the page it stands in.
    """
    paper, visit = sheet(name), state.get().visit
    if paper.place != (visit, part):
        paper.place, paper.reported, paper.mount = (visit, part), None, paper.mount + 1
        paper.hand_over()
    key = f"canvas_{name}_{paper.mount}"
    if key in st.session_state:
        # Its report is taken in before it is laid out, so that it gets the new drawing in this run.
        if report := read(st.session_state[key], CANVAS):
            paper.receive(report.drawing.raw)
        else:  # no canvas's: it is laid anew
            paper.mount += 1
            paper.hand_over()
            key = f"canvas_{name}_{paper.mount}"
    with st.container(horizontal=True, gap="small", key=f"desk_{name}", wrap=False):
        with st.container(key="canvas", width=scaled(size), gap=None):
            result = st_canvas(
                stroke_width=brush(),
                stroke_color="#ffffff",
                background_color="#0d1117",
                width=size,
                height=size,
                drawing_mode="freedraw",
                initial_drawing={**paper.handed, "turn": paper.turn},
                key=key,
            )
            _prompt(key=f"canvas_prompt_{name}_{paper.mount}", height=1)
        if result.json_data is not None:
            paper.receive(result.json_data)
        if tools:
            _tools(name, paper)
    return paper.now if paths(paper.now) else None


def _tools(name: str, paper: Sheet) -> None:
    """Undo, redo, clear and the brush, beside the sheet."""
    tools = (
        ("undo", "Undo", "Mod+Z", lambda: paper.move(-1), paper.at == 0),
        ("redo", "Redo", "Mod+Shift+Z", lambda: paper.move(1), paper.at == len(paper.steps) - 1),
        ("delete", "Clear", "Delete", paper.clear, not paths(paper.now)),
    )
    with st.container(key=f"icon_only_canvas_tools_{name}", width=56, gap="small"):
        for icon, label, keys, act, off in tools:
            st.button(
                label,
                icon=f":material/{icon}:",
                key=f"{name}_{label.lower()}",
                help=f"{label} ({keys.replace('Mod', 'Ctrl')})",
                on_click=act,
                shortcut=keys,
                disabled=off,
            )
        with st.popover("Brush", icon=":material/brush:", help="Brush"):
            st.slider(
                "Brush",
                6,
                60,
                BRUSH,
                key="brush",
                persist_state="session",
                help="How it looks to you. The network gets strokes of MNIST's width.",
            )


def put(lines: Sequence[Stroke], name: str = "draw") -> None:
    """Write strokes on a sheet, in its pixels, as if they had been drawn: one step to take back."""
    look = {"type": "Path", "fill": None, "stroke": "#ffffff", "strokeWidth": brush()}
    round_ends = {"strokeLineCap": "round", "strokeLineJoin": "round"}
    paper = sheet(name)
    drawn = [
        {**look, **round_ends, "path": [["M", *line[0]], *(["L", *point] for point in line[1:])]}
        for line in lines
    ]
    paper.add({"objects": [*objects(paper.now), *drawn]})
    paper.hand_over()


def strokes(name: str = "draw") -> list[list[tuple[float, float]]]:
    """The strokes on a sheet, in its pixels."""
    return strokes_from_canvas(sheet(name).now)
