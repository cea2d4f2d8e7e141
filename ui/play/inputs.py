"""What goes in: one test image of each class, or what is written on the canvas."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnn import datasets, recognition, runs
from cnn.drawing import DigitError
from ui.play.state import get
from ui.shared import canvas, models, state
from ui.shared.plain_text import plain

SIZE = 160
SHEET = "play"


def one_of_each(run: runs.Run | None) -> NDArray[np.uint8]:
    """A test image of each class, uint8 `(classes, 28, 28)`: from the data set once PyTorch is
    loaded, until then those that a run keeps."""
    name = run.config.dataset if run else state.get().dataset_name
    if models.known_devices() is not None:
        try:
            return _of_dataset(name)
        except datasets.DataError:
            pass  # a run whose data set is not on this machine
    kept = run or state.current_run()
    images = (kept.live() if kept else {}).get("images", [])
    if images:
        return np.array(images, np.uint8)
    return np.zeros((1, 28, 28), np.uint8)


def place_of(dataset: str, label: int) -> int:
    """The number of the first test image of a class. Raises DataError."""
    from cnn.runs.live import one_of_each

    return one_of_each(datasets.load(dataset).test_labels)[label]


@st.cache_data(max_entries=8, show_spinner=False)
def _of_dataset(name: str) -> NDArray[np.uint8]:
    from cnn.runs.live import one_of_each

    images = datasets.load(name)
    return images.test_images[one_of_each(images.test_labels)].numpy()


def drawing() -> NDArray[np.uint8] | None:
    """The canvas, and what is on it as the network gets it, uint8 `(28, 28)`; None where a test
    image goes in."""
    mine = get()
    with st.container(key="play_sheet"):
        st.caption("Or write a digit")
        found = canvas.canvas(SHEET, "play", SIZE, tools=False)
        strokes = canvas.strokes(SHEET)
        if len(strokes) != mine.strokes:  # the newest of drawing and click counts
            mine.strokes, mine.drawn = len(strokes), len(strokes) > 0
        st.button(
            "Clear",
            icon=":material/delete:",
            key="play_clear",
            on_click=_clear,
            disabled=found is None,
            width="stretch",
        )
    if found is None or not mine.drawn:
        return None
    try:
        (one,) = recognition.prepare_strokes(strokes, True, SIZE, canvas.brush(), False)
    except DigitError as error:
        st.caption(plain(error))
        return None
    return np.rint(np.clip(one.image, 0, 1) * 255).astype(np.uint8)


def _clear() -> None:
    canvas.sheet(SHEET).clear()
    get().drawn = False
