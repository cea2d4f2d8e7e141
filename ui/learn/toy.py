"""The part of a lesson that can be touched: a component of one script a lesson, computed in the
browser by `numbers.js` from the images and weights that are handed over."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.components.v2.types import ComponentRenderer

from cnn.figures.colours import CLASSES, INK
from cnn.lessons import State
from cnn.lessons.material import packed_images
from ui.live.component import STREAM_JS
from ui.shared.components import PAINTING_JS, PRINT_CSS, colours
from ui.shared.reports import FIELDS, reported

HERE = Path(__file__).parent
TOYS = HERE / "toys"


@cache
def _component(lesson: str) -> ComponentRenderer:
    parts = [*(HERE / f"{name}.js" for name in ("numbers", "kit", "views")), TOYS / f"{lesson}.js"]
    scripts = [part.read_text("utf-8") for part in parts]
    return st.components.v2.component(
        f"learn_{lesson}",
        js="\n".join((STREAM_JS, PAINTING_JS, *scripts)),
        css=(HERE / "learn.css").read_text("utf-8") + PRINT_CSS,
    )


for _file in sorted(TOYS.glob("*.js")):  # a component is known before a page that shows it runs
    _component(_file.stem)


def show(
    lesson: str,
    mount: str,
    state: State,
    drawing: NDArray[np.uint8] | None,
    material: dict[str, object],
    take: Callable[[object], None],
) -> None:
    """Draw it; a new `mount` begins anew with `state` and the `drawing`, uint8 `(28, 28)`. What is
    moved is handed to `take` before the page runs: a click that leaves the lesson may come along
    with it, and then the toy is not drawn again."""
    key = f"toy_{lesson}"

    def moved() -> None:
        told = reported(key, "state", FIELDS)
        take(told)

    _component(lesson)(
        key=key,
        data={
            "mount": mount,
            "state": state,
            "drawing": None if drawing is None else packed_images(drawing),
            "colours": {**colours(), "ink": INK, "classes": CLASSES},
            **material,
        },
        on_state_change=moved,
    )
