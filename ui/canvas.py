"""The drawing canvas: a drawing that outlives a page switch, with undo, redo and clear.

The strokes come from streamlit-drawable-canvas. Which drawings there were is kept here, not in the
browser, so that a page switch, a reload of the component and "clear" can all be undone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import streamlit as st
from streamlit_drawable_canvas import st_canvas

from ui import state

SIZE = 280
MOST_STEPS = 60
EMPTY: dict[str, Any] = {"objects": []}

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
      ".dc-root{border-radius:10px;overflow:hidden}" +
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


@dataclass
class Sheet:
    """The drawings of a session, as steps that can be taken back."""

    steps: list[dict[str, Any]] = field(default_factory=lambda: [EMPTY])
    at: int = 0
    shown: dict[str, Any] = field(default_factory=lambda: EMPTY)
    turn: int = 0  # counts what we handed to the component, so that it takes the same one twice
    seen: Any = None  # the component's last word: only a new one is news
    visit: int = -1

    @property
    def now(self) -> dict[str, Any]:
        """The drawing as it is."""
        return self.steps[self.at]

    def drew(self, drawing: dict[str, Any]) -> None:
        """Take the component's word, if it says anything new."""
        if drawing == self.seen:
            return
        self.seen = drawing
        if _paths(drawing) != _paths(self.now):
            self.add(drawing)

    def add(self, drawing: dict[str, Any]) -> None:
        """A new step; what had been taken back is gone."""
        self.steps = [*self.steps[: self.at + 1], drawing][-MOST_STEPS:]
        self.at = len(self.steps) - 1

    def show(self) -> None:
        """Hand the drawing as it is to the component."""
        self.shown, self.turn = self.now, self.turn + 1


def _paths(drawing: dict[str, Any]) -> list[Any]:
    return [item.get("path") for item in drawing.get("objects") or [] if isinstance(item, dict)]


def sheet() -> Sheet:
    """This session's sheet."""
    play = state.get()
    found = state.remember("canvas_sheet", None)
    if found is None:
        found = state.keep("canvas_sheet", Sheet())
        if play.drawing:
            found.add(play.drawing)
    return found


def undo() -> None:
    """Take the last step back."""
    paper = sheet()
    paper.at = max(0, paper.at - 1)
    paper.show()


def redo() -> None:
    """Do again what was taken back."""
    paper = sheet()
    paper.at = min(len(paper.steps) - 1, paper.at + 1)
    paper.show()


def clear() -> None:
    """A clean sheet. Can be undone."""
    paper = sheet()
    if _paths(paper.now):
        paper.add(EMPTY)
    paper.show()


def canvas(brush: int) -> dict[str, Any] | None:
    """Draw the canvas; returns the drawing (Fabric.js JSON) or None for an empty sheet.

    The component forgets its drawing when its page is left, and takes what it is handed only when
    that changes: handing the newest drawing back at every rerun would redraw under the hand.
    """
    play, paper = state.get(), sheet()
    if paper.visit != play.visit:
        paper.visit, paper.seen = play.visit, None
        paper.show()
    with st.container(key="canvas", width=SIZE, gap=None):
        result = st_canvas(
            stroke_width=brush,
            stroke_color="#ffffff",
            background_color="#0d1117",
            width=SIZE,
            height=SIZE,
            drawing_mode="freedraw",
            initial_drawing={**paper.shown, "turn": paper.turn},
            key=f"canvas_{play.visit}",
        )
        _prompt(key=f"canvas_prompt_{play.visit}", height=1)
    if result.json_data is not None:
        paper.drew(result.json_data)
    play.drawing = paper.now if _paths(paper.now) else None
    return play.drawing


def buttons(where: str = "draw") -> None:
    """Undo, redo and clear, with their keys."""
    paper = sheet()
    with st.container(horizontal=True, gap="small", key=f"canvas_buttons_{where}"):
        st.button(
            "Undo",
            icon=":material/undo:",
            key=f"{where}_undo",
            on_click=undo,
            shortcut="Mod+Z",
            disabled=paper.at == 0,
        )
        st.button(
            "Redo",
            icon=":material/redo:",
            key=f"{where}_redo",
            on_click=redo,
            shortcut="Mod+Shift+Z",
            disabled=paper.at == len(paper.steps) - 1,
        )
        st.button(
            "Clear",
            icon=":material/delete:",
            key=f"{where}_clear",
            on_click=clear,
            shortcut="Delete",
            disabled=not _paths(paper.now),
        )
