"""The digits that the class has shared, on one wall, and how a run reads each."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cnn import recognition, runs
from cnn.common.text import plural
from cnn.drawing import my_digits
from ui.shared import loading, models
from ui.shared.pictures import enlarge
from ui.shared.plain_text import plain
from ui.shared.run_picker import labels_of

COLUMNS, SHOWN = 10, 100
MISREAD_SHADE = 0.35  # of white, behind a digit that is misread


def show() -> None:
    """The wall, every run's score on it, and what the chosen run takes each digit for."""
    kept = my_digits.load()
    if not kept:
        st.markdown("Nobody has shared a digit yet: pupils do it on Draw, under My digits.")
        return
    able = [run for run in runs.list_runs() if run.has_weights and run.config.reads_digits]
    pictures, labels = my_digits.images(kept)
    if not able:
        st.image(enlarge(_wall(pictures[-SHOWN:], None), 2), alt="The class's digits")
        return
    names = labels_of(able)
    chosen = st.selectbox("Read by", able, format_func=lambda run: names[run.id], key="wall_run")
    loading.wait()
    try:
        guesses = np.array(recognition.read(chosen, models.model_of(chosen), pictures).best)
    except runs.RunError as error:
        st.error(plain(str(error)))
        return
    right = guesses == labels
    st.markdown(
        f"**{int(right.sum())} of {plural(len(kept), 'digit')}** are read as they were meant; "
        "a grey ground marks those that are not"
        + (f". The newest {SHOWN} are shown." if len(kept) > SHOWN else ".")
    )
    shown = slice(-SHOWN, None)
    st.image(
        enlarge(_wall(pictures[shown], ~right[shown]), 2),
        width="stretch",
        alt=f"The class's digits; {int((~right).sum())} are misread",
    )
    st.page_link(
        "pages/draw.py",
        label="Every run's score on them: Draw, My digits",
        icon=":material/draw:",
    )
    wrong = [f"{a}→{b}" for a, b in zip(labels, guesses, strict=True) if a != b]
    if wrong:
        st.caption(f"Misread (truth → reading): {', '.join(wrong[:40])}")


def _wall(pictures: np.ndarray, misread: np.ndarray | None) -> np.ndarray:
    """Digits `(n, 28, 28)` side by side, `COLUMNS` a row."""
    tiles = np.pad(pictures, ((0, -len(pictures) % COLUMNS), (1, 1), (1, 1)))
    if misread is not None:
        for place in np.flatnonzero(misread):
            tiles[place] = np.maximum(tiles[place], MISREAD_SHADE)
    return tiles.reshape(-1, COLUMNS, 30, 30).swapaxes(1, 2).reshape(-1, COLUMNS * 30)
