"""A digit that is written by a button: for those who use no mouse, or only want to see."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from cnn.drawing import Stroke
from cnn.drawing.rasteriser import curve
from cnn.drawing.templates import templates
from ui.draw import state
from ui.shared import canvas

ORDER = (3, 8, 2, 5, 7, 4, 6, 9, 0, 1)  # of the examples: another after each


def button() -> None:
    """Writes the next example on the sheet."""
    digit = ORDER[state.get().examples % len(ORDER)]
    pressed = st.button(
        f"Try an example {digit}",
        icon=":material/edit:",
        key="draw_example",
        on_click=_write,
        args=(digit,),
    )
    if pressed:
        st.rerun()  # the sheet stands outside the answer's fragment


def _write(digit: int) -> None:
    state.get().examples += 1
    canvas.put(strokes_of(digit))


def strokes_of(digit: int) -> list[Stroke]:
    """A digit as a hand would write it in the middle of the sheet, in its pixels."""
    return [_placed(curve(np.array(stroke))) for stroke in templates()[str(digit)][0]]


def _placed(line: Sequence[Sequence[float]] | np.ndarray) -> Stroke:
    scale, inset = canvas.SIZE * 0.6 / 100, canvas.SIZE * 0.2
    return [(round(inset + scale * x, 1), round(inset + scale * y, 1)) for x, y in line]
