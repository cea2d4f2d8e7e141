"""The drawing canvas: a drawing that outlives a page switch, with undo, redo and clear.

The strokes come from streamlit-drawable-canvas. Which drawings there were is kept here, not in the
browser, so that a page switch, a reload of the component and "clear" can all be undone.
"""

from __future__ import annotations

import contextlib
from typing import Any

import streamlit as st
from streamlit_drawable_canvas import st_canvas

from ui.draw.steps import EMPTY, Sheet, paths
from ui.shared import state

SIZE = 280
BRUSH = 18

# The component waits 200 ms after the pen is lifted before it reports. Its own "update" button
# reports at once, so this presses it. Without the script all still works, a little later. It also
# hides the component's toolbar, whose reset would bring an old drawing back.
_PROMPT = """
export default function ({ parentElement }) {
  const box = parentElement.closest(".st-key-canvas");
  if (!box) return;
  const roots = () => [...box.querySelectorAll("*")].map((e) => e.shadowRoot).filter(Boolean);
  const tidy = () => roots().forEach((root) => {
    if (!root.querySelector(".dc-root") || root.querySelector("#plain")) return;
    const style = document.createElement("style");
    style.id = "plain";
    style.textContent = ".dc-toolbar{display:none!important} .dc-canvas{outline:none}" +
      ".dc-root{border-radius:10px;overflow:hidden;" +
      "box-shadow:0 0 0 1px var(--st-border-color,#555)}" +
      "canvas{touch-action:none!important;cursor:crosshair}";
    root.appendChild(style);
  });
  let drawing = false;
  const down = () => { tidy(); drawing = true; };
  const up = () => {
    if (!drawing) return;
    drawing = false;
    setTimeout(() => roots().forEach((root) => {
      root.querySelector('.dc-toolbar [title^="Update"]')?.click();
    }), 0);
  };
  tidy();
  const late = setInterval(() => { tidy(); }, 250);
  const enough = setTimeout(() => clearInterval(late), 5000);
  box.addEventListener("mousedown", down, true);
  box.addEventListener("touchstart", down, true);
  document.addEventListener("mouseup", up, true);
  document.addEventListener("touchend", up, true);
  return () => {
    clearInterval(late); clearTimeout(enough);
    box.removeEventListener("mousedown", down, true);
    box.removeEventListener("touchstart", down, true);
    document.removeEventListener("mouseup", up, true);
    document.removeEventListener("touchend", up, true);
  };
}
"""
_prompt = st.components.v2.component(
    "cnn_canvas_prompt", html="<span></span>", js=_PROMPT, isolate_styles=False
)


def sheet(name: str = "draw") -> Sheet:
    """This session's sheet of that name."""
    play = state.get()
    found = state.remember(f"canvas_sheet_{name}", None)
    if found is None:
        found = state.keep(f"canvas_sheet_{name}", Sheet())
        if name == "draw" and play.drawing:
            found.add(play.drawing)
    return found


def undo(name: str = "draw") -> None:
    """Take the last step back."""
    paper = sheet(name)
    paper.at = max(0, paper.at - 1)
    paper.show()


def redo(name: str = "draw") -> None:
    """Do again what was taken back."""
    paper = sheet(name)
    paper.at = min(len(paper.steps) - 1, paper.at + 1)
    paper.show()


def clear(name: str = "draw") -> None:
    """A clean sheet. Can be undone."""
    paper = sheet(name)
    if paths(paper.now):
        paper.add(EMPTY)
    paper.show()


def canvas(name: str = "draw", part: str = "draw") -> dict[str, Any] | None:
    """Draw the canvas with its tools; returns the drawing (Fabric.js JSON), None where empty.

    The component forgets its drawing when it leaves the screen, and takes what it is handed only
    when that changes: handing the newest drawing back at every rerun would redraw under the hand.
    `part` is the part of the page it stands in.
    """
    play, paper = state.get(), sheet(name)
    if paper.place != (play.visit, part):
        paper.place, paper.seen, paper.mount = (play.visit, part), None, paper.mount + 1
        paper.show()
    key = f"canvas_{name}_{paper.mount}"
    # Its word is heard before it is drawn, so that what we answer reaches it in the same run.
    with contextlib.suppress(KeyError, TypeError, AttributeError):
        paper.drew(st.session_state[key]["drawing"]["raw"])
    with st.container(horizontal=True, gap="small", key=f"desk_{name}", wrap=False):
        with st.container(key="canvas", width=SIZE, gap=None):
            result = st_canvas(
                stroke_width=state.remember("brush", BRUSH),
                stroke_color="#ffffff",
                background_color="#0d1117",
                width=SIZE,
                height=SIZE,
                drawing_mode="freedraw",
                initial_drawing={**paper.shown, "turn": paper.turn},
                key=key,
            )
            _prompt(key=f"canvas_prompt_{name}_{paper.mount}", height=1)
        if result.json_data is not None:
            paper.drew(result.json_data)
        _tools(name, paper)
    drawing = paper.now if paths(paper.now) else None
    if name == "draw":
        play.drawing = drawing
    return drawing


def _tools(name: str, paper: Sheet) -> None:
    """Undo, redo, clear and the brush, beside the sheet."""
    tools = (
        ("undo", "Undo", "Mod+Z", undo, paper.at == 0),
        ("redo", "Redo", "Mod+Shift+Z", redo, paper.at == len(paper.steps) - 1),
        ("delete", "Clear", "Delete", clear, not paths(paper.now)),
    )
    with st.container(key=f"canvas_tools_{name}", width=56, gap="small"):
        for icon, label, keys, act, off in tools:
            st.button(
                f":material/{icon}:",
                key=f"{name}_{label.lower()}",
                help=f"{label} ({keys.replace('Mod', 'Ctrl')})",
                on_click=act,
                args=(name,),
                shortcut=keys,
                disabled=off,
            )
        with st.popover(":material/brush:", help="Brush"):
            st.slider(
                "Brush",
                4,
                40,
                state.remember("brush", BRUSH),
                key=f"{name}_brush",
                on_change=lambda: state.keep("brush", st.session_state[f"{name}_brush"]),
                help="How it looks to you. The network gets strokes of MNIST's width.",
            )


def strokes(name: str = "draw") -> list[list[tuple[float, float]]]:
    """The strokes on a sheet, in its pixels."""
    from cnn.drawing import strokes_from_canvas

    return strokes_from_canvas(sheet(name).now)
